"""The windows of a policy as fields of its form: one for each length, kind and circle of consumers.

The calendar day of one organisation is not among them: it has a field of its own, `per_consumer_day`.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from django import forms

from marketplace.policy.problems import Problem
from marketplace.policy.windows import CONSUMERS, KINDS, PERS, Window

ALL = [Window(per, kind, whose, 0) for per, whose, kind in product(PERS, CONSUMERS, KINDS)]
SHORT = "day-calendar-each"
_PLACE = re.compile(r"\$\.influence_nats\.windows\[(\d+)\]")


def name_of(key: str) -> str:
    return "window_" + key.replace("-", "_")


def fields() -> dict[str, forms.FloatField]:
    return {name_of(window.key): _field(window) for window in ALL if window.key != SHORT}


def _field(window: Window) -> forms.FloatField:
    whose = "To one organisation" if window.consumers == "each" else "To all together"
    return forms.FloatField(
        label=f"{whose} in {window.stretch}",
        required=False,
        min_value=0,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )


def written(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The windows that are filled in, as a plain policy says them."""
    return [
        {"per": window.per, "kind": window.kind, "consumers": window.consumers, "nats": value}
        for window, value in _filled(data)
    ]


def _filled(data: Mapping[str, Any]) -> Iterator[tuple[Window, float]]:
    for window in ALL:
        value = data.get(name_of(window.key))
        if value is not None:
            yield window, value


def initial(influence: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields show for a plain policy, the consumer's calendar day in its own field."""
    given = {
        f"{one['per']}-{one['kind']}-{one['consumers']}": one["nats"]
        for one in influence.get("windows") or []
    }
    shown = {name_of(key): nats for key, nats in given.items() if key != SHORT}
    return shown | ({"per_consumer_day": given[SHORT]} if SHORT in given else {})


def field_of(problem: Problem, data: Mapping[str, Any]) -> str | None:
    """The field that a problem with one window belongs to."""
    place = _PLACE.match(problem.path)
    filled = [name_of(window.key) for window, _ in _filled(data)]
    return filled[int(place[1])] if place and int(place[1]) < len(filled) else None
