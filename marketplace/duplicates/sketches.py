"""Is this source nearly the same text as that one? From small sketches of both, made once a version. Pure.

A sketch is the 256 smallest hashes of all runs of six words (MinHash with one hash function, "bottom k"): two
texts share as many of them as they share wording. The hash has no secret and no chance in it: the same text
has the same sketch everywhere.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

SKETCH_SIZE = 256
SHINGLE_WORDS = 6
SAME_FROM = 0.6  # share of common wording from which two sources are near-duplicates, and vote as one
_WORD = re.compile(r"\w+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of one text is in another, estimated; `marks` is what the estimate rests on."""

    share: float
    standard_error: float
    marks: int


def sketch(documents: Iterable[str]) -> tuple[int, ...]:
    """In memory that does not grow with the text."""
    smallest: set[int] = set()
    largest = 2**64
    for text in documents:
        for run in _runs(text):
            mark = int.from_bytes(
                blake2b(run.encode("utf-8", errors="surrogatepass"), digest_size=6).digest()
            )
            if mark < largest:
                smallest.add(mark)
                if len(smallest) >= 4 * SKETCH_SIZE:
                    smallest = set(sorted(smallest)[:SKETCH_SIZE])
                    largest = max(smallest)
    return tuple(sorted(smallest)[:SKETCH_SIZE])


def resemblance(one: Sequence[int], other: Sequence[int]) -> float:
    """Estimated share of common wording (Jaccard), from the smallest marks of both together."""
    union = sorted({*one, *other})[:SKETCH_SIZE]
    common = set(one) & set(other)
    return sum(mark in common for mark in union) / max(1, len(union))


def overlap(own: Sequence[int], other: Sequence[int]) -> Overlap:
    """How much of `own` is in `other`: judged where both sketches are whole, which is below their last marks.

    A text that is small beside the other leaves few such marks, and so a large error: a sketch cannot tell
    whether a paragraph is in a library.
    """
    reach = min(_reach(own), _reach(other))
    mine = [mark for mark in own if mark <= reach]
    share = len(set(mine) & set(other)) / max(1, len(mine))
    is_exact = max(len(own), len(other)) < SKETCH_SIZE  # then they are no samples
    error = 0.0 if is_exact else math.sqrt(share * (1 - share) / max(1, len(mine)))
    return Overlap(share, error, len(mine))


def _mark(run: str) -> int:
    return int.from_bytes(blake2b(run.encode("utf-8", errors="surrogatepass"), digest_size=6).digest())


def _reach(marks: Sequence[int]) -> float:
    return marks[-1] if len(marks) >= SKETCH_SIZE else math.inf


def _runs(text: str) -> Iterator[str]:
    """Every run of six words; a text of fewer words is one run."""
    words: list[str] = []
    count = 0
    for found in _WORD.finditer(text.lower()):
        words.append(found.group())
        count += 1
        if len(words) > SHINGLE_WORDS:
            del words[0]
        if count >= SHINGLE_WORDS:
            yield " ".join(words)
    if 0 < count < SHINGLE_WORDS:
        yield " ".join(words)
