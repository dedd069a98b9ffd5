"""The regions of a topic clause as fields of the policy form: inside, and outside, each with three."""

from collections.abc import Mapping
from typing import Any

from django import forms

from marketplace.policy.kinds.topics import DISTANCE
from marketplace.portal.forms.texts import LinesField

SIDES = {"within": "Only about", "not_within": "Never about"}
PARTS = ("keywords", "examples", "distance")


def name_of(side: str, part: str) -> str:
    return f"topic_{side}_{part}"


def fields() -> dict[str, forms.Field]:
    found: dict[str, forms.Field] = {}
    for side, words in SIDES.items():
        found[name_of(side, "keywords")] = LinesField(
            label=f"{words} these words", required=False, help_text="One a line."
        )
        found[name_of(side, "examples")] = LinesField(
            label=f"{words} what these questions are about", required=False, help_text="One a line."
        )
        found[name_of(side, "distance")] = forms.FloatField(
            label="How near is near",
            required=False,
            min_value=0,
            max_value=1,
            help_text=f"Cosine distance; the smaller, the stricter. Empty: {DISTANCE:g}.",
            widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        )
    return found


def written(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """As a plain policy says them; a distance without texts is kept, so that its problem is said."""
    regions = {side: _region(data, side) for side in SIDES}
    return {side: region for side, region in regions.items() if region} or None


def _region(data: Mapping[str, Any], side: str) -> dict[str, Any]:
    values = {part: data[name_of(side, part)] for part in PARTS}
    return {part: value for part, value in values.items() if value not in (None, [])}


def initial(topics: Mapping[str, Any] | None) -> dict[str, Any]:
    regions = {side: (topics or {}).get(side) or {} for side in SIDES}
    return {name_of(side, part): regions[side].get(part) for side in SIDES for part in PARTS}
