"""A page of tokens as the buyer's page shows it: each token's shade, and the sentences in numbers.

Pure. A shade is a step, because the page has no styles of its own; the numbers stand beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.token_map import TokenMap

STEPS_NATS = (0.01, 0.05, 0.2, 0.5, 1.0, 2.0)  # from how many nats on a token has the next shade


@dataclass(frozen=True, slots=True)
class Shaded:
    """One token: `step` 0 to 6; `against` says that the source made it less likely."""

    text: str
    step: int
    against: bool
    title: str


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    symmetric: float
    help_nats: float


def shaded(found: TokenMap, sources: Sequence[str]) -> list[Shaded]:
    """Under the chosen sources: of several, the one that moved the token most."""
    rows = []
    for row in found.rows:
        slug, moved = _strongest(row["sources"], sources)
        if row["text"]:
            rows.append(
                Shaded(row["text"], step(moved["symmetric"]), moved["help_nats"] < 0, _title(slug, moved))
            )
    return rows


def sentences(found: TokenMap, sources: Sequence[str]) -> list[Sentence]:
    """Of several sources: the sums over them, which are not what they moved together."""
    return [
        Sentence(
            span["text"].strip(),
            sum(span["sources"][slug]["symmetric"] for slug in sources if slug in span["sources"]),
            sum(span["sources"][slug]["help_nats"] for slug in sources if slug in span["sources"]),
        )
        for span in found.spans
        if span["text"].strip()
    ]


def step(nats: float) -> int:
    return sum(nats >= least for least in STEPS_NATS)


def _strongest(moved: Mapping[str, Any], sources: Sequence[str]) -> tuple[str, Mapping[str, Any]]:
    found = {slug: moved[slug] for slug in sources if slug in moved}
    if not found:
        return "", {"symmetric": 0.0, "help_nats": 0.0}
    slug = max(found, key=lambda name: (found[name]["symmetric"], name))
    return slug, found[slug]


def _title(slug: str, moved: Mapping[str, Any]) -> str:
    if not slug:
        return "the core alone"
    return f"{slug}: {moved['symmetric']:.3f} nats, help {moved['help_nats']:+.3f}"
