"""What does each token of a core spell, in words as they are compared?

Built once for a core (about a second for 49,000 tokens). Answers one question: which tokens spell a given
beginning? Tokens that hold only part of a character count by their bytes. Knows no sources and no votes.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from inference.net.constants import WORD_LETTERS_MOST
from inference.net.core import Core
from inference.net.spelling import bytes_of
from inference.net.wording import canonical, words


class Spelling:
    """Every token's bytes and canonical letters."""

    def __init__(self, spelled: Sequence[bytes]) -> None:
        self.spelled = tuple(spelled)
        self.pieces: list[int] = []  # tokens that begin inside a character
        self._starting: dict[str, list[tuple[str, int]]] = defaultdict(list)  # by first letter
        by_letters: dict[str, list[int]] = defaultdict(list)
        for token, content in enumerate(self.spelled):
            if content and content[0] & 0xC0 == 0x80:
                self.pieces.append(token)
                continue
            letters = canonical(_whole_characters(content))
            if letters.strip():
                by_letters[letters].append(token)
                if letters[0] != " ":
                    self._starting[letters[0]].append((letters, token))
        for found in self._starting.values():
            found.sort(key=lambda one: -_first_run(one[0]))
        self._by_letters = dict(by_letters)
        self.long_runs = [
            (letters, token)
            for letters, tokens in by_letters.items()
            for token in tokens
            if letters[0] == " " and max(map(len, letters.split())) > WORD_LETTERS_MOST
        ]
        self._longer = sorted(
            letters for letters in by_letters if " " in letters.strip(" ") or letters[-1] == " "
        )
        self.words_most = max((len(words(letters)) for letters in by_letters), default=1)

    def exactly(self, letters: str) -> Sequence[int]:
        """Tokens that spell just these letters, spaces included."""
        return self._by_letters.get(letters, ())

    def gluing(self, letter: str, *, least: int) -> Iterator[tuple[str, int]]:
        """Tokens that go on in an open word with this letter, and at least so many in a row."""
        for letters, token in self._starting.get(letter, ()):
            if _first_run(letters) < least:
                return
            yield letters, token

    def beyond(self, letters: str) -> Iterator[int]:
        """Tokens that spell these letters, then a break, and perhaps more."""
        begun = letters + " "
        place = bisect_left(self._longer, begun)
        while place < len(self._longer) and self._longer[place].startswith(begun):
            yield from self._by_letters[self._longer[place]]
            place += 1


def _first_run(letters: str) -> int:
    return len(letters.split(" ", 1)[0])


_KNOWN: dict[str, Spelling] = {}


def spelling_of(core: Core) -> Spelling:
    """The core's spelling, made when first asked for."""
    if core.digest not in _KNOWN:
        _KNOWN[core.digest] = Spelling(_spelled(core))
    return _KNOWN[core.digest]


def _spelled(core: Core) -> list[bytes]:
    """The bytes that each token adds to a text; control tokens add none. (V,)"""
    silent = set(core.tokenizer.all_special_ids)
    return [b"" if token in silent else bytes_of(core, token) for token in range(core.vocabulary)]


def _whole_characters(content: bytes) -> str:
    """Without a character that the token only begins."""
    for cut in range(min(4, len(content) + 1)):
        try:
            return content[: len(content) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8", errors="replace")
