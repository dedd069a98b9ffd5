"""Which stretches of a text can be found and read on their own?

Training, first stage: documents are cut into passages of 100 to 180 tokens with their places in the
document, at paragraph or sentence ends where there are any. Works for every script, also for text without
spaces or line ends; equal text gives equal passages. Tokens are estimated from characters, so the cut
does not depend on a tokenizer.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inference.net.constants import PASSAGE_TOKENS_GOAL, PASSAGE_TOKENS_MOST

_UNIT = re.compile(r"[^\n]*?(?:[.!?。！？…]+[\"')\]»”]*(?=\s)\s*|\n+|$)|[^\n]+", re.UNICODE)
_PIECE = re.compile(r"[A-Za-z]+|\d|[^\sA-Za-z\d]", re.UNICODE)
_LETTERS_PER_TOKEN = 6
_UNIT_CHARACTERS_MOST = 400


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one document: `text` is exactly `documents[document][start:end]`."""

    document: int
    start: int
    end: int
    text: str

    @property
    def digest(self) -> str:
        """Names the passage's words, wherever they stand."""
        return hashlib.sha256(self.text.encode("utf-8", errors="surrogatepass")).hexdigest()


def split_documents(documents: Sequence[str]) -> list[Passage]:
    """Passages of all documents in order; of equal passages only the first stays."""
    seen: set[str] = set()
    kept = []
    for number, text in enumerate(documents):
        for passage in split(text, document=number):
            key = passage.digest
            if key not in seen:
                seen.add(key)
                kept.append(passage)
    return kept


def split(text: str, *, document: int = 0) -> list[Passage]:
    """Passages of one text."""
    spans = (_trimmed(text, start, end) for start, end in _spans(text))
    return [Passage(document, start, end, text[start:end]) for start, end in spans if end > start]


def estimated_tokens(text: str) -> int:
    """About how many tokens: word parts, digits and signs count one each, as do letters of other scripts."""
    return sum(-(-len(piece) // _LETTERS_PER_TOKEN) for piece in _PIECE.findall(text))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Units joined until a passage is full; a paragraph's end closes one that has reached its goal."""
    begin, size = 0, 0
    for start, end in _units(text):
        tokens = estimated_tokens(text[start:end])
        if size and size + tokens > PASSAGE_TOKENS_MOST:
            yield begin, start
            begin, size = start, 0
        size += tokens
        paragraph_ends = text[start:end].endswith("\n\n") or end == len(text)
        if size >= PASSAGE_TOKENS_GOAL and (paragraph_ends or size >= PASSAGE_TOKENS_MOST):
            yield begin, end
            begin, size = end, 0
    if begin < len(text):
        yield begin, len(text)


def _units(text: str) -> Iterator[tuple[int, int]]:
    """Sentences and lines; over-long ones in pieces, at a space where there is one."""
    for match in _UNIT.finditer(text):
        start, end = match.span()
        while end - start > _UNIT_CHARACTERS_MOST or _too_long(text[start:end]):
            cut = _cut(text, start, min(end, start + _UNIT_CHARACTERS_MOST))
            yield start, cut
            start = cut
        if end > start:
            yield start, end


def _cut(text: str, start: int, end: int) -> int:
    """A place to cut in (start, end]: after the last space, else halved until it fits a passage."""
    while True:
        space = max(text.rfind(" ", start + 1, end), text.rfind("\t", start + 1, end))
        place = space + 1 if space > start else end
        if not _too_long(text[start:place]):
            return place
        end = start + max(1, (place - start) // 2)


def _too_long(text: str) -> bool:
    return estimated_tokens(text) > PASSAGE_TOKENS_MOST


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at its ends."""
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
