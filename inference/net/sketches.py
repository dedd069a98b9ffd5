"""Is this source nearly the same text as that one?

Training keeps a small sketch of every source's wording in its manifest; composing groups seats whose sketches
mostly agree, so that one text uploaded twice does not vote twice. Which sources may be compared is the
caller's business (those of the privacy regime are not).
"""

import re
from collections.abc import Sequence
from hashlib import blake2b

SKETCH_SIZE = 256
SHINGLE_WORDS = 6
SAME_FROM = 0.6  # share of common wording from which two sources are near-duplicates
_WORD = re.compile(r"\w+", re.UNICODE)


def sketch(documents: Sequence[str]) -> tuple[int, ...]:
    """The smallest hashes of all runs of six words: two texts share as many as they share wording."""
    marks: set[int] = set()
    for text in documents:
        words = _WORD.findall(text.lower())
        runs = {
            " ".join(words[start : start + SHINGLE_WORDS])
            for start in range(max(1, len(words) - SHINGLE_WORDS + 1))
        }
        marks.update(_mark(run) for run in runs if run)
        marks = set(sorted(marks)[:SKETCH_SIZE])
    return tuple(sorted(marks))


def resemblance(one: Sequence[int], other: Sequence[int]) -> float:
    """Estimated share of common wording (Jaccard), from the smallest marks of both together."""
    union = sorted({*one, *other})[:SKETCH_SIZE]
    common = set(one) & set(other)
    return sum(mark in common for mark in union) / max(1, len(union))


def groups(sketches: Sequence[Sequence[int]]) -> list[int | None]:
    """A number for every seat that resembles another, None for the rest; chains are one group."""
    leader = list(range(len(sketches)))
    for place, own in enumerate(sketches):
        for earlier in range(place):
            if leader[earlier] != leader[place] and resemblance(own, sketches[earlier]) >= SAME_FROM:
                low, high = sorted((leader[earlier], leader[place]))
                leader = [low if seat == high else seat for seat in leader]
    return [seat if leader.count(seat) > 1 else None for seat in leader]


def _mark(run: str) -> int:
    return int.from_bytes(blake2b(run.encode("utf-8", errors="surrogatepass"), digest_size=6).digest())
