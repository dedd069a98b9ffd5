"""What could be chosen next, and how many sources each choice leaves: all filters apply but the facet's own.

Five facets with few values are counted in one query, as cells of a small cube that is summed here; topics,
licences and owners in one query each. What a card does not show counts as unknown.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from marketplace.catalogue.topics import slugs_of
from marketplace.catalogue.wanted import FACETS, FRESH, KNOWN, PRICES, UNSTATED, Wanted

MOST_SHOWN = 12  # of the facets whose values nobody knows beforehand
CUBE = ("price", "regime", "quoting", "approval", "fresh")
Cell = tuple[tuple[str | None, ...], int]


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    title: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    name: str
    title: str
    choices: tuple[Choice, ...]


def cube(rows: QuerySet[Any, Any], *, opened: Q, now: datetime) -> list[Cell]:
    """How many rows have which values of the five facets; rows that are not opened have none."""
    columns = {f"at_{name}": _shown(opened, column) for name, column in _columns(now).items()}
    counted = rows.annotate(**columns).order_by().values_list(*columns).annotate(count=Count("pk"))
    return [(tuple(row[:-1]), row[-1]) for row in counted]


def matching(cells: Iterable[Cell], wanted: Wanted, *, but: str = "") -> list[Cell]:
    """The cells that pass the wanted values of the five facets, one of them left out."""
    return [cell for cell in cells if all(name == but or _passes(cell, name, wanted) for name in CUBE)]


def total(cells: Iterable[Cell]) -> int:
    return sum(count for _, count in cells)


def of_cube(cells: Sequence[Cell], wanted: Wanted) -> list[Facet]:
    return [_facet(name, _counted(name, matching(cells, wanted, but=name)), wanted) for name in CUBE]


def of_topics(rows: QuerySet[Any, Any], wanted: Wanted) -> Facet:
    counts: Counter[str] = Counter()
    for bits, count in rows.order_by().values_list("topics").annotate(count=Count("pk")):
        for slug in slugs_of(bits):
            counts[slug] += count
    return _facet("topic", counts, wanted)


def of_licenses(rows: QuerySet[Any, Any], wanted: Wanted) -> Facet:
    found = rows.order_by().values_list("license").annotate(count=Count("pk")).order_by("-count", "license")
    counts = {text or UNSTATED: count for text, count in found[:MOST_SHOWN]}
    return _facet("license", counts, wanted, titles={UNSTATED: "Not stated"})


def of_owners(rows: QuerySet[Any, Any], wanted: Wanted) -> Facet:
    found = (
        rows.order_by()
        .values_list("organisation__slug", "organisation__name")
        .annotate(count=Count("pk"))
        .order_by("-count", "organisation__slug")[:MOST_SHOWN]
    )
    counts = {slug: count for slug, _, count in found}
    return _facet("owner", counts, wanted, titles={slug: name for slug, name, _ in found})


def _facet(
    name: str, counts: Mapping[str, int], wanted: Wanted, *, titles: Mapping[str, str] | None = None
) -> Facet:
    """In the published order where there is one, else the most frequent first; what is chosen shows."""
    names = KNOWN.get(name) or titles or {}
    values = [one for one in KNOWN[name] if one in counts] if name in KNOWN else list(counts)
    values += [one for one in wanted.of(name) if one not in values]
    choices = [Choice(one, names.get(one, one), counts.get(one, 0), one in wanted.of(name)) for one in values]
    return Facet(name, FACETS[name], tuple(choices))


def _columns(now: datetime) -> Mapping[str, Any]:
    bands = [
        When(price_micro_usd_per_nat__lte=most, then=Value(band))
        for band, (_, most) in PRICES.items()
        if most is not None
    ]
    return {
        "price": Case(
            When(price_micro_usd_per_nat__isnull=True, then=Value(None)), *bands, default=Value("top")
        ),
        "regime": F("regime"),
        "quoting": _yes_no("quotes"),
        "approval": _yes_no("needs_approval"),
        "fresh": Case(
            *(When(updated_at__gte=now - age, then=Value(slug)) for slug, (_, age) in FRESH.items()),
            default=Value(None),
        ),
    }


def _yes_no(column: str) -> Case:
    return Case(When(**{column: True}, then=Value("yes")), default=Value("no"))


def _shown(opened: Q, column: Any) -> Case:
    return Case(When(opened, then=column), default=Value(None), output_field=CharField())


def _passes(cell: Cell, name: str, wanted: Wanted) -> bool:
    chosen, value = wanted.of(name), cell[0][CUBE.index(name)]
    if not chosen:
        return True
    if name == "fresh":
        return value is not None and any(_is_within(value, one) for one in chosen)
    return value in chosen


def _counted(name: str, cells: Iterable[Cell]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for values, count in cells:
        value = values[CUBE.index(name)]
        if not value:
            continue
        for one in [one for one in FRESH if _is_within(value, one)] if name == "fresh" else [value]:
            counts[one] += count
    return counts


def _is_within(age: str, most: str) -> bool:
    ages = list(FRESH)
    return ages.index(age) <= ages.index(most)
