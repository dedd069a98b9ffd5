"""Where do the last words of an answer stand in a source's passages, and how do they go on there?

One index per source, made from all its passages (not only those that a row reads) when the source first sits
in an answer without permission to quote. Passages of one document that follow each other are read as one
text. Sorted 64-bit fingerprints of word windows, each hit compared word by word: a collision finds nothing
wrong. It must not know tokens or votes.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from inference.net.constants import GUARDED_PLACES_MOST, GUARDED_WORDS
from inference.net.passages import Passage
from inference.net.wording import words

Numbers = npt.NDArray[np.uint64]
_BORDER = "\n"  # between documents: no word is spelled so
_BASE = np.uint64(0x9E3779B97F4A7C15)
_MOST_PLACES = 2**32 - 1


Continuation = tuple[str, ...]  # the words that follow, up to the one that would complete an n-gram


class TooManyPlaces(Exception):
    """The last words stand at more places than are looked at one by one."""


class Grams:
    """A source's words in order, found by windows of `lead` words."""

    def __init__(self, runs: Iterable[Sequence[str]], *, lead: int) -> None:
        self.lead = lead
        numbers: dict[str, int] = {_BORDER: 0}
        order = [number for run in runs for number in _numbered(run, numbers)]
        self._numbers = numbers
        self._names = tuple(numbers)
        self._order = np.array(order, dtype=np.uint32)  # (words,)
        self._keys, self._places = self._windows()

    @classmethod
    def of(cls, passages: Iterable[Passage], *, lead: int) -> "Grams":
        """`lead`: complete words that must have matched before the token that completes an n-gram."""
        return cls((words(text) for text in _joined(passages)), lead=lead)

    @property
    def nbytes(self) -> int:
        """Memory of the index, the distinct words included."""
        letters = sum(len(name) for name in self._names)
        return self._order.nbytes + self._keys.nbytes + self._places.nbytes + letters + 150 * len(self._names)

    def continuations(self, closed: Sequence[str]) -> list[Continuation]:
        """The ways on from these complete words, each up to the twelfth word; TooManyPlaces if they are
        uncountable.
        """
        if len(closed) < self.lead:
            return []
        wanted = [self._numbers.get(word) for word in closed]
        if None in wanted[-self.lead :]:
            return []
        low, high = self._range(wanted[-self.lead :])
        if high - low > GUARDED_PLACES_MOST:
            raise TooManyPlaces
        found = (self._from(int(place), wanted) for place in self._places[low:high])
        return list(dict.fromkeys(one for one in found if one is not None))

    def _from(self, place: int, wanted: Sequence[int | None]) -> Continuation | None:
        """`place`: of the next word. None where the window is another's or the text ends too soon."""
        matched = 0
        while (
            matched < len(wanted)
            and place > matched
            and self._order[place - 1 - matched] == wanted[-1 - matched]
        ):
            matched += 1
        ahead = self._order[place : place + GUARDED_WORDS - matched].tolist()
        if matched < self.lead or len(ahead) < GUARDED_WORDS - matched or 0 in ahead:
            return None
        return tuple(self._names[number] for number in ahead)

    def _range(self, window: Sequence[int | None]) -> tuple[int, int]:
        key = _fingerprints(np.array(window, dtype=np.uint64), self.lead)[0]
        low, high = (np.searchsorted(self._keys, key, side=side) for side in ("left", "right"))
        return int(low), int(high)

    def _windows(self) -> tuple[Numbers, npt.NDArray[np.uint32]]:
        """Fingerprints of all windows in order, and where the word after each stands; of places that look the
        same as far as an n-gram can reach, one.
        """
        count = len(self._order) - self.lead
        if count <= 0:
            return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint32)
        if len(self._order) > _MOST_PLACES:
            raise OverflowError("The source has more words than an index of them counts.")
        numbers = self._order.astype(np.uint64)
        reach = GUARDED_WORDS - 1
        around = np.concatenate([np.zeros(reach, np.uint64), numbers, np.zeros(reach, np.uint64)])
        seen = _fingerprints(around, 2 * reach + 1)[self.lead :]  # (count,) 11 words before to 11 after
        kept = np.sort(np.unique(seen, return_index=True)[1])
        keys = _fingerprints(numbers, self.lead)[:count][kept]
        order = np.argsort(keys, kind="stable")
        return keys[order], (kept[order] + self.lead).astype(np.uint32)


def _numbered(run: Sequence[str], numbers: dict[str, int]) -> Iterator[int]:
    for word in run:
        yield numbers.setdefault(word, len(numbers))
    yield 0


def _joined(passages: Iterable[Passage]) -> Iterator[str]:
    """The text of each document; what lies between two passages is a break, where anything does."""
    texts: dict[int, list[str]] = {}
    ends: dict[int, int] = {}
    for passage in passages:
        parts = texts.setdefault(passage.document, [])
        parts += ["\n" * (passage.start > ends.get(passage.document, 0)), passage.text]
        ends[passage.document] = passage.end
    return ("".join(parts) for parts in texts.values())


def _fingerprints(numbers: Numbers, size: int) -> Numbers:
    """One 64-bit number for every window of `size`; (len - size + 1,)."""
    with np.errstate(over="ignore"):
        mixed = (numbers + np.uint64(1)) * _BASE
        mixed ^= mixed >> np.uint64(29)
        found = np.zeros(len(numbers) - size + 1, dtype=np.uint64)
        for place in range(size):
            found = found * np.uint64(0xD6E8FEB86659FD93) + mixed[place : place + len(found)]
        return found ^ (found >> np.uint64(32))
