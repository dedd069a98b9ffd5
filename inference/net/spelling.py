"""Which bytes does one token stand for?

Composing, for whoever is shown tokens: a token may be half a character, so its text alone would not tell.
Knows tokenizers that spell bytes (byte-level), those that fall back to bytes (sentence pieces), and takes
any other token by its text. Knows no votes.
"""

import re
from functools import lru_cache

from inference.net.core import Core

BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
WORD_MARK = "▁"  # how sentence pieces spell a space


def bytes_of(core: Core, token_id: int) -> bytes:
    """The token's own bytes; of a control token its name."""
    piece: str | None = core.tokenizer.convert_ids_to_tokens(token_id)
    if piece is None:  # logits that no token has: padding of the output matrix
        return b""
    if token_id in core.tokenizer.all_special_ids:
        return piece.encode()
    table = _letters()
    if _is_byte_level(core) and all(letter in table for letter in piece):
        return bytes(table[letter] for letter in piece)
    single = BYTE_PIECE.fullmatch(piece)
    if single:
        return bytes.fromhex(single[1])
    return piece.replace(WORD_MARK, " ").encode()


def _is_byte_level(core: Core) -> bool:
    backend = getattr(core.tokenizer, "backend_tokenizer", None)
    return "ByteLevel" in str(getattr(backend, "decoder", None))


@lru_cache(maxsize=1)
def _letters() -> dict[str, int]:
    """Of byte-level tokenizers: the letter that stands for each byte."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    return {letter: byte for byte, letter in bytes_to_unicode().items()}
