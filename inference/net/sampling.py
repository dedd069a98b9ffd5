"""Which parts of a long text does the adapter learn from, and which part judges it?

Training, before the adapter: stretches spread evenly over all documents, chosen by seed; the held-out
ones are never learned from. Reads texts, returns texts.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from inference.net.core import Core

STRETCHES_LEAST = 8
PROBE_CHARACTERS = 20_000


class TooLittleText(ValueError):
    """There is not enough text to learn from one part and judge by another."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Stretches of text, in the order in which they stand in the documents."""

    training: tuple[str, ...]
    held_out: tuple[str, ...]


def choose(
    *,
    core: Core,
    documents: Sequence[str],
    training_tokens: int,
    held_out_tokens: int,
    window: int,
    seed: int,
) -> Sample:
    """About so many tokens of each kind; of a short text about a fifth is held out."""
    characters = sum(len(text) for text in documents)
    per_token = _characters_per_token(core, documents)
    size = max(8, min(int(window * per_token), characters // STRETCHES_LEAST))
    stretches = [piece for text in documents for piece in _stretches(text, size)]
    if len(stretches) < 2:
        raise TooLittleText("The source needs at least two sentences of text to learn from.")
    tokens_each = max(1.0, characters / len(stretches) / per_token)  # short documents make short stretches
    held_count = max(1, min(round(held_out_tokens / tokens_each), len(stretches) // 5))
    draw = random.Random(seed)  # noqa: S311 (a repeatable choice, not a secret)
    held = set(_spread(len(stretches), held_count, draw))
    rest = [place for place in range(len(stretches)) if place not in held]
    learned = [rest[place] for place in _spread(len(rest), round(training_tokens / tokens_each), draw)]
    return Sample(
        tuple(stretches[place] for place in learned), tuple(stretches[place] for place in sorted(held))
    )


def _characters_per_token(core: Core, documents: Sequence[str]) -> float:
    """Measured on the middle of the longest document."""
    longest = max(documents, key=len, default="")
    begin = max(0, (len(longest) - PROBE_CHARACTERS) // 2)
    probe = longest[begin : begin + PROBE_CHARACTERS]
    return len(probe) / max(1, len(core.encode(probe)))


def _stretches(text: str, size: int) -> list[str]:
    """Pieces of about `size` characters, cut after white space where there is some nearby."""
    pieces, start = [], 0
    while start < len(text):
        end = min(start + size, len(text))
        if end < len(text):
            space = max(text.rfind(" ", start + size // 2, end), text.rfind("\n", start + size // 2, end))
            end = space + 1 if space > start else end
        pieces.append(text[start:end])
        start = end
    return [piece for piece in pieces if piece.strip()]


def _spread(places: int, count: int, draw: random.Random) -> list[int]:
    """One place out of each of `count` equal parts; all places if there are not more."""
    if count >= places:
        return list(range(places))
    edges = [places * part // max(count, 1) for part in range(count + 1)]
    return [draw.randrange(low, high) for low, high in pairwise(edges)]
