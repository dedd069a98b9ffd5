"""Two values side by side, place by place: how the console shows what was before and what is after.

For policies, templates and audit events alike. Values in, rows out; it must not know what they mean.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NOTHING = object()


@dataclass(frozen=True, slots=True)
class Side:
    """One place; `state` is same, changed, added or removed, which the page also says in words."""

    place: str
    before: str
    after: str
    state: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a policy on its side; `state` is same, added or removed."""

    text: str
    state: str


def sides(before: Any, after: Any) -> list[Side]:
    """Every place of both, in the order of `after`; what only `before` has stands at the end."""
    left, right = _flat(before), _flat(after)
    places = [*right, *(place for place in left if place not in right)]
    return [_side(place, left.get(place, NOTHING), right.get(place, NOTHING)) for place in places]


def changed(rows: Iterable[Side]) -> list[Side]:
    return [row for row in rows if row.state != "same"]


def sentence_sides(before: Sequence[str], after: Sequence[str]) -> tuple[list[Sentence], list[Sentence]]:
    """The sentences of two policies, each marked where the other one lacks it."""
    left = [Sentence(one, "same" if one in after else "removed") for one in before]
    return left, [Sentence(one, "same" if one in before else "added") for one in after]


def _side(place: str, before: Any, after: Any) -> Side:
    if before is NOTHING:
        return Side(place, "", written(after), "added")
    if after is NOTHING:
        return Side(place, written(before), "", "removed")
    return Side(place, written(before), written(after), "same" if before == after else "changed")


def _flat(value: Any, place: str = "") -> dict[str, Any]:
    """By place: objects are gone into, lists of plain values are one value, None is nothing at all."""
    if value is None and not place:
        return {}
    if isinstance(value, Mapping) and value:
        children = ((f"{place}.{key}" if place else str(key), child) for key, child in value.items())
    elif isinstance(value, list) and any(isinstance(one, Mapping | list) for one in value):
        children = ((f"{place}[{number}]", child) for number, child in enumerate(value))
    else:
        return {place or "value": value}
    return {at: found for where, child in children for at, found in _flat(child, where).items()}


def written(value: Any) -> str:
    """A value of JSON for people."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(written(one) for one in value) or "(none)"
    return json.dumps(value, ensure_ascii=False)
