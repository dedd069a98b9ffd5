"""What the catalogue's page says around its results: chosen filters, and ways out of an empty page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from marketplace.catalogue.facets import Facet
from marketplace.catalogue.search import Loosening
from marketplace.catalogue.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Filter:
    """One chosen filter, and the address of the same search without it."""

    label: str
    query: str


@dataclass(frozen=True, slots=True)
class WayOut:
    label: str
    count: int
    query: str


def filters_of(wanted: Wanted, facets: Iterable[Facet]) -> list[Filter]:
    chosen = [Filter(f"“{wanted.text}”", wanted.without("q").query())] if wanted.text else []
    for facet in facets:
        for choice in facet.choices:
            if choice.chosen:
                query = wanted.without_value(facet.name, choice.value).query()
                chosen.append(Filter(f"{facet.title}: {choice.title}", query))
    return chosen


def looser(wanted: Wanted, loosen: Sequence[Loosening]) -> list[WayOut]:
    return [WayOut(one.title, one.count, wanted.without(one.facet).query()) for one in loosen]


def with_end(query: str) -> str:
    """The query as the beginning of a longer one."""
    return f"{query}&" if query else ""
