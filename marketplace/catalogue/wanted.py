"""What somebody looks for in the catalogue: read from an address and written back into one.

The page and the API understand the same parameters. Several values of one facet widen, facets narrow.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlencode

from django.http import QueryDict

from accounting.errors import Invalid
from marketplace.catalogue.topics import TOPICS
from marketplace.models.policies import Regime

LONGEST_TEXT = 200
MOST_VALUES = 20
PRICES: Mapping[str, tuple[str, int | None]] = {  # band -> its name, and the most micro-USD a nat in it
    "free": ("Free", 0),
    "low": ("Up to $0.0001 a nat", 100),
    "middle": ("Up to $0.001 a nat", 1_000),
    "high": ("Up to $0.01 a nat", 10_000),
    "top": ("Above $0.01 a nat", None),
}
FRESH: Mapping[str, tuple[str, timedelta]] = {
    "30": ("Changed in the last 30 days", timedelta(days=30)),
    "90": ("In the last 90 days", timedelta(days=90)),
    "365": ("In the last year", timedelta(days=365)),
}
YES_NO = {"yes": "Yes", "no": "No"}
KNOWN: Mapping[str, Mapping[str, str]] = {  # facets whose values are known beforehand, with their names
    "topic": {slug: topic.title for slug, topic in TOPICS.items()},
    "price": {slug: name for slug, (name, _) in PRICES.items()},
    "regime": {slug: label.partition(":")[0] for slug, label in Regime.choices},
    "quoting": YES_NO,
    "approval": YES_NO,
    "fresh": {slug: name for slug, (name, _) in FRESH.items()},
}
FACETS: Mapping[str, str] = {
    "topic": "Topic",
    "license": "Licence",
    "price": "Price",
    "regime": "Regime",
    "quoting": "Passages may be quoted",
    "approval": "Owner approves each use",
    "owner": "Owner",
    "fresh": "Freshness",
}
SORTS: Mapping[str, str] = {
    "best": "Best match",
    "newest": "Newest first",
    "title": "By title",
    "cheapest": "Cheapest first",
}
UNSTATED = "not-stated"  # the value of the facet `license` for sources that state none


@dataclass(frozen=True, slots=True)
class Wanted:
    """Words, chosen values by facet, and the order."""

    text: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = "newest"

    @classmethod
    def read(cls, params: QueryDict) -> "Wanted":
        """Invalid for a value that does not exist; what only nobody has finds nothing."""
        text = params.get("q", "").strip()
        if len(text) > LONGEST_TEXT:
            raise _invalid("q", f"Search with at most {LONGEST_TEXT} characters.")
        chosen = {}
        for facet in FACETS:
            values = tuple(dict.fromkeys(one for one in params.getlist(facet) if one))
            if values:
                chosen[facet] = _checked(facet, values)
        sort = params.get("sort") or ("best" if text else "newest")
        if sort not in SORTS:
            raise _invalid("sort", f"'{sort}' is not one of {', '.join(SORTS)}.")
        return cls(text, chosen, sort)

    def of(self, facet: str) -> tuple[str, ...]:
        return self.chosen.get(facet, ())

    def without(self, facet: str) -> "Wanted":
        """The same, without one facet; `q` is the words."""
        if facet == "q":
            return replace(self, text="", sort="newest" if self.sort == "best" else self.sort)
        return replace(self, chosen={name: values for name, values in self.chosen.items() if name != facet})

    def without_value(self, facet: str, value: str) -> "Wanted":
        left = tuple(one for one in self.of(facet) if one != value)
        return replace(self.without(facet), chosen={**self.without(facet).chosen, facet: left})

    def query(self) -> str:
        """The address that says the same again."""
        return urlencode([(name, value) for name, value in self._pairs() if value])

    def _pairs(self) -> Iterator[tuple[str, str]]:
        yield "q", self.text
        for facet, values in self.chosen.items():
            for value in values:
                yield facet, value
        if self.sort != ("best" if self.text else "newest"):
            yield "sort", self.sort


def _checked(facet: str, values: tuple[str, ...]) -> tuple[str, ...]:
    known = KNOWN.get(facet)
    if len(values) > MOST_VALUES:
        raise _invalid(facet, f"At most {MOST_VALUES} values at once.")
    for value in values:
        if known is not None and value not in known:
            raise _invalid(facet, f"'{value[:64]}' is not one of {', '.join(known)}.")
        if "\0" in value:
            raise _invalid(facet, "A value cannot hold a NUL character.")
    return values


def _invalid(param: str, sentence: str) -> Invalid:
    return Invalid(
        sentence, code="invalid_filter", next_step="Leave the parameter out, or correct it.", param=param
    )
