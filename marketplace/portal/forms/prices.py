"""Prices of some, row by row: for whom, for what, and how much. Empty rows say nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms

from marketplace.policy.kinds.prices import MOST_RULES
from marketplace.policy.problems import Problem
from marketplace.policy.purposes import PURPOSES

PARTS = ("consumer", "purpose", "price_micro_usd_per_nat")
SPARE = 2  # empty rows to fill in
_NAME = re.compile(r"price_(\d{1,3})_")
_PLACE = re.compile(r"\$\.prices\[(\d+)\]")


def name_of(row: int, part: str) -> str:
    return f"price_{row}_{part}"


def rows_of(initial: Mapping[str, Any], data: Mapping[str, Any] | None) -> int:
    """As many as are filled in or were sent, and some more."""
    named = [_NAME.match(name) for name in (initial if data is None else data)]
    count = max((int(found[1]) + 1 for found in named if found), default=0)
    return min(count + (SPARE if data is None else 0), MOST_RULES + SPARE)


def fields(rows: int) -> dict[str, forms.Field]:
    found: dict[str, forms.Field] = {}
    for row in range(rows):
        found[name_of(row, "consumer")] = forms.CharField(label=f"For whom, price {row + 1}", required=False)
        found[name_of(row, "purpose")] = forms.ChoiceField(
            label=f"For what, price {row + 1}",
            required=False,
            choices=[("", "Every purpose"), *((one.slug, one.title) for one in PURPOSES.values())],
        )
        found[name_of(row, "price_micro_usd_per_nat")] = forms.IntegerField(
            label=f"µ$ per nat, price {row + 1}", required=False, min_value=0
        )
    return found


def written(data: Mapping[str, Any], rows: int) -> list[dict[str, Any]]:
    return [rule for _, rule in _filled(data, rows)]


def _filled(data: Mapping[str, Any], rows: int) -> Iterator[tuple[int, dict[str, Any]]]:
    for row in range(rows):
        values = {part: data.get(name_of(row, part)) for part in PARTS}
        rule = {part: value for part, value in values.items() if value not in (None, "")}
        if rule:
            yield row, rule


def initial(prices: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    return {name_of(row, part): rule.get(part) for row, rule in enumerate(prices or []) for part in PARTS}


def field_of(problem: Problem, data: Mapping[str, Any], rows: int) -> str | None:
    """The field that a problem with one price belongs to."""
    place = _PLACE.match(problem.path)
    filled = [row for row, _ in _filled(data, rows)]
    if not place or int(place[1]) >= len(filled):
        return None
    part = problem.path.rpartition(".")[2]
    return name_of(filled[int(place[1])], part if part in PARTS else PARTS[-1])
