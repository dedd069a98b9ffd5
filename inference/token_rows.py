"""The data of a heat map: what each source moved at every token of an answer, and sums over sentences.

Measure and receipt. Pure: tokens come one by one, live from the engine or from a replay, and become JSON
rows. Open answers only; who may read them is decided elsewhere. It must not know prices.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Any

from inference.net.detokenise import TextStream

Json = dict[str, Any]
MOST_CELLS = 4096  # rows times sources in one reply: some hundred kilobytes of JSON
LEAST_LOG_PROBABILITY = -9999.0  # what cannot be drawn; JSON has no infinity
MEASURES = ("forward", "reverse", "symmetric", "help_nats")
SENTENCE_END = re.compile(r"[.!?…。！？]+[\"'”’)\]]*\s+|\n+")


@dataclass(frozen=True, slots=True)
class Moved:
    """What one source did at one token, in nats; `gamma_effective` is the voting right that it had there."""

    gamma_effective: float
    forward: float
    reverse: float
    symmetric: float
    help_nats: float

    def as_json(self) -> Json:
        return {name: getattr(self, name) for name in ("gamma_effective", *MEASURES)}


@dataclass(slots=True)
class TokenRows:
    """Rows in the making. The texts of all rows joined are the text of all tokens: a character that spans
    several tokens stands with the one that completes it, `bytes` are each token's own.
    """

    decode: Callable[[Sequence[int]], str]
    spell: Callable[[int], bytes]
    end_ids: frozenset[int]
    _rows: list[Json] = field(default_factory=list)
    _stream: TextStream = field(init=False)

    def __post_init__(self) -> None:
        self._stream = TextStream(self.decode)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, token_id: int, log_probability: float, sources: Mapping[str, Moved]) -> None:
        is_end = token_id in self.end_ids
        self._rows.append(
            {
                "index": len(self._rows),
                "text": "" if is_end else self._stream.push(token_id),
                "bytes": [] if is_end else list(self.spell(token_id)),
                "is_end": is_end,
                "log_probability": max(log_probability, LEAST_LOG_PROBABILITY),
                "sources": {slug: moved.as_json() for slug, moved in sources.items()},
            }
        )

    def report(self, *, delivered: int, first: int = 0, count: int | None = None, **about: Any) -> Json:
        """The rows from `first` on, as many as are wanted and as one reply holds, with their sentences.

        A token that was drawn and never delivered is not told: it was not paid for.
        """
        rows = self._delivered(delivered)[first:]
        rows = rows[: page_size(rows, count)]
        after = first + len(rows)
        return {
            "first": first,
            "count": len(rows),
            "of": delivered,
            "next": after if after < delivered else None,
            "rows": rows,
            "spans": list(spans_of(rows)),
            **about,
        }

    def _delivered(self, delivered: int) -> list[Json]:
        if self._rows and delivered >= len(self._rows):
            self._rows[-1]["text"] += self._stream.finish()  # once: afterwards it has nothing left
        return self._rows[:delivered]


def most_rows(sources: int) -> int:
    """How many rows one reply holds."""
    return max(1, MOST_CELLS // max(sources, 1))


def page_size(rows: Sequence[Json], count: int | None) -> int:
    most = most_rows(max((len(row["sources"]) for row in rows), default=1))
    return most if count is None else min(count, most)


def spans_of(rows: Sequence[Json]) -> Iterator[Json]:
    """Sentences, each with the sums of its tokens; one is cut where the rows are. `help_nats` of a span is
    exactly how much likelier the sources made it, given what stands before.
    """
    start = 0
    for stop in _ends(rows):
        part = rows[start:stop]
        slugs = dict.fromkeys(slug for row in part for slug in row["sources"])
        yield {
            "first": part[0]["index"],
            "last": part[-1]["index"],
            "text": "".join(row["text"] for row in part),
            "sources": {slug: _summed(part, slug) for slug in slugs},
        }
        start = stop


def _ends(rows: Sequence[Json]) -> Iterator[int]:
    """After which row a sentence is over: the one whose text reaches the sentence's last character."""
    text = "".join(row["text"] for row in rows)
    ends = [found.end() for found in SENTENCE_END.finditer(text)]
    length, told = 0, 0
    for number, row in enumerate(rows, start=1):
        length += len(row["text"])
        if ends and length >= ends[0]:
            ends = [end for end in ends if end > length]
            told = number
            yield number
    if told < len(rows):
        yield len(rows)


def _summed(part: Sequence[Json], slug: str) -> Json:
    own = [row["sources"][slug] for row in part if slug in row["sources"]]
    return {name: fsum(moved[name] for moved in own) for name in MEASURES}
