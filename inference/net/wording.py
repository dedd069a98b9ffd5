"""When are two texts the same words? Case, accents, punctuation, spaces and token borders do not count.

Used where a source's own words are looked for in an answer (`grams`, `guard`, citations). Every character is
judged by itself, so a text may be read piece by piece. It must not know tokens, passages or sources.

A word is a run of letters and digits, without marks (accents, vowel signs) and invisible characters. In
scripts that put no spaces between words every letter is a word. A run of more than 32 letters (a key, a
gene) is cut after every 32, so that none escapes by being one word.
"""

import re
import unicodedata
from collections import deque
from collections.abc import Iterator

from inference.net.constants import GUARDED_WORDS, WORD_LETTERS_MOST

_SPACELESS = (
    "CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "YI SYLLABLE", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN",
    "TAI ", "NEW TAI", "NUSHU", "TANGUT", "JAVANESE", "BALINESE",
)  # fmt: skip
_SPACES = re.compile(" +")


class _Letters(dict[int, str]):
    """What each character counts as: letters, nothing, or a space; found out when first met."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", chr(code)).casefold()
        found = "".join(_letter(one) for one in unicodedata.normalize("NFKD", plain))
        self[code] = found
        return found


def _letter(character: str) -> str:
    kind = unicodedata.category(character)
    if kind[0] in "LN":
        alone = unicodedata.name(character, "").startswith(_SPACELESS)
        return f" {character} " if alone else character
    return "" if kind[0] == "M" or kind == "Cf" else " "


_LETTERS = _Letters()


def canonical(text: str) -> str:
    """The words, each apart by one space; a space at an end says that no word is open there."""
    return _SPACES.sub(" ", text.translate(_LETTERS))


def words(text: str) -> list[str]:
    """All words of a text, in order."""
    runs = canonical(text).split()
    if max(map(len, runs), default=0) <= WORD_LETTERS_MOST:
        return runs
    return [word for run in runs for word in _cut(run)]


def _cut(run: str) -> Iterator[str]:
    return (run[place : place + WORD_LETTERS_MOST] for place in range(0, len(run), WORD_LETTERS_MOST))


class Tail:
    """The last words of a text that is still being written: enough to see the next n-gram come."""

    def __init__(self) -> None:
        self.closed: deque[str] = deque(maxlen=GUARDED_WORDS - 1)
        self.open = ""  # the word that more letters would still belong to

    def copy(self) -> "Tail":
        """Another tail that goes on from here."""
        other = Tail()
        other.closed, other.open = self.closed.copy(), self.open
        return other

    def write(self, text: str) -> None:
        """Take more text."""
        self.take(canonical(text))

    def take(self, letters: str) -> None:
        """Take more text that is canonical already."""
        for place, piece in enumerate(letters.split(" ")):
            if place:
                self._close()
            *full, last = list(_cut(self.open + piece)) or [""]
            self.closed.extend(full)
            self.open = last

    def _close(self) -> None:
        if self.open:
            self.closed.append(self.open)
        self.open = ""
