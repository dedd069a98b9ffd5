"""The one door to the catalogue: what may be seen, what matches, how many, what else could be chosen.

A constant number of queries, whatever is asked. Rows of the catalogue are for finding; the sources that are
answered are read anew, through `marketplace.visibility`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.lookups import GreaterThan

from marketplace.catalogue import facets
from marketplace.catalogue.facets import Facet
from marketplace.catalogue.matching import BeginsWords
from marketplace.catalogue.pages import Key, cut
from marketplace.catalogue.topics import bits_of
from marketplace.catalogue.wanted import FACETS, FRESH, PRICES, UNSTATED, Wanted
from marketplace.catalogue.words import tokens
from marketplace.models import CatalogueEntry, Organisation, Source
from marketplace.visibility import open_to, visible, visible_to

A_PAGE = 20
MOST_A_PAGE = 100
ROWS = QuerySet[CatalogueEntry, Any]
_UNKNOWN_PRICE = 2**62  # what does not show its price comes last

KEYS: Mapping[str, tuple[Key, ...]] = {
    "best": (("tier", False), ("sort_title", False), ("pk", False)),
    "newest": (("listed_at", True), ("pk", True)),
    "title": (("sort_title", False), ("pk", False)),
    "cheapest": (("shown_price", False), ("sort_title", False), ("pk", False)),
}


@dataclass(frozen=True, slots=True)
class Loosening:
    """A filter to leave out, and how many sources there are then."""

    facet: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of sources, each with `opened`, and how many there are on all pages."""

    sources: list[Source]
    next: str | None
    previous: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Found(Listed):
    """And everything around what was searched for."""

    facets: tuple[Facet, ...]
    loosen: tuple[Loosening, ...]


def search(
    *, organisation: Organisation | None, wanted: Wanted, now: datetime, cursor: str = "", size: int = A_PAGE
) -> Found:
    opened = open_to(organisation)
    filters = _filters(wanted, opened, now)
    seen = CatalogueEntry.objects.filter(visible(organisation))
    cells = facets.cube(_filtered(seen, filters, but=facets.CUBE), opened=opened, now=now)
    count = facets.total(facets.matching(cells, wanted))
    rows = _with_keys(_filtered(seen, filters), wanted, opened)
    page = cut(
        rows,
        sort=wanted.sort,
        keys=KEYS[wanted.sort],
        cursor=cursor,
        size=max(1, min(size, MOST_A_PAGE)),
    )
    return Found(
        sources=sources_of(organisation, page.pks),
        next=page.next,
        previous=page.previous,
        count=count,
        facets=_facets(seen, filters, wanted, cells),
        loosen=() if count else _loosen(seen, filters),
    )


def listed(*, organisation: Organisation | None, cursor: str, size: int) -> Listed:
    """Everything that may be seen, by title, page by page."""
    seen = CatalogueEntry.objects.filter(visible(organisation))
    page = cut(seen, sort="title", keys=KEYS["title"], cursor=cursor, size=size)
    return Listed(sources_of(organisation, page.pks), page.next, page.previous, seen.count())


def sources_of(organisation: Organisation | None, pks: list[int]) -> list[Source]:
    """These sources in this order, as far as the organisation may know of them now."""
    found = visible_to(organisation).select_related("organisation", "policy").in_bulk(pks)
    return [found[pk] for pk in pks if pk in found]


def _filters(wanted: Wanted, opened: Q, now: datetime) -> dict[str, Q]:
    """One condition for each thing that is asked for."""
    conditions = {name: _CONDITIONS[name](wanted.of(name), now) for name in FACETS if wanted.of(name)}
    for name in facets.CUBE:
        if name in conditions:
            conditions[name] &= opened
    words = tokens(wanted.text)
    if wanted.text:
        conditions["q"] = _says(words, opened) if words else Q(pk__in=())
    return conditions


def _says(words: tuple[str, ...], opened: Q) -> Q:
    """The description is searched only where it may be read."""
    return Q(BeginsWords("card_words", words)) | opened & Q(BeginsWords("words", words))


def _topic(values: tuple[str, ...], _now: datetime) -> Q:
    return Q(GreaterThan(F("topics").bitand(bits_of(values)), 0))


def _license(values: tuple[str, ...], _now: datetime) -> Q:
    return Q(license__in=["" if one == UNSTATED else one for one in values])


def _owner(values: tuple[str, ...], _now: datetime) -> Q:
    return Q(organisation__in=Organisation.objects.filter(slug__in=values))


def _price(values: tuple[str, ...], _now: datetime) -> Q:
    whole = Q(pk__in=())
    for band in values:
        whole |= _in_band(band)
    return whole


def _regime(values: tuple[str, ...], _now: datetime) -> Q:
    return Q(regime__in=values)


def _quoting(values: tuple[str, ...], _now: datetime) -> Q:
    return Q(quotes__in=[one == "yes" for one in values])


def _approval(values: tuple[str, ...], _now: datetime) -> Q:
    return Q(needs_approval__in=[one == "yes" for one in values])


def _fresh(values: tuple[str, ...], now: datetime) -> Q:
    return Q(updated_at__gte=min(now - FRESH[one][1] for one in values))


_CONDITIONS: Mapping[str, Callable[[tuple[str, ...], datetime], Q]] = {
    "topic": _topic,
    "license": _license,
    "price": _price,
    "regime": _regime,
    "quoting": _quoting,
    "approval": _approval,
    "owner": _owner,
    "fresh": _fresh,
}


def _in_band(band: str) -> Q:
    names = list(PRICES)
    most, below = PRICES[band][1], names.index(band) - 1
    least = Q() if below < 0 else Q(price_micro_usd_per_nat__gt=PRICES[names[below]][1])
    return least if most is None else least & Q(price_micro_usd_per_nat__lte=most)


def _filtered(seen: ROWS, filters: Mapping[str, Q], *, but: tuple[str, ...] = ()) -> ROWS:
    for name, condition in filters.items():
        if name not in but:
            seen = seen.filter(condition)
    return seen


def _with_keys(rows: ROWS, wanted: Wanted, opened: Q) -> ROWS:
    """What the order goes by shows no more than the card does."""
    words = tokens(wanted.text)
    if wanted.sort == "best":
        first = [When(BeginsWords("card_words", words), then=Value(0))] if words else []
        return rows.annotate(tier=Case(*first, default=Value(1), output_field=IntegerField()))
    if wanted.sort == "cheapest":
        known = opened & Q(price_micro_usd_per_nat__isnull=False)
        price = Case(
            When(known, then=F("price_micro_usd_per_nat")),
            default=Value(_UNKNOWN_PRICE),
            output_field=BigIntegerField(),
        )
        return rows.annotate(shown_price=price)
    return rows


def _facets(
    seen: ROWS, filters: Mapping[str, Q], wanted: Wanted, cells: list[facets.Cell]
) -> tuple[Facet, ...]:
    made = {one.name: one for one in facets.of_cube(cells, wanted)}
    for name, count in (
        ("topic", facets.of_topics),
        ("license", facets.of_licenses),
        ("owner", facets.of_owners),
    ):
        made[name] = count(_filtered(seen, filters, but=(name,)), wanted)
    return tuple(made[name] for name in FACETS)


def _loosen(seen: ROWS, filters: Mapping[str, Q]) -> tuple[Loosening, ...]:
    """Which one filter to leave out so that something is found, the most helpful first."""
    titles = {"q": "the words", **FACETS}
    found = [Loosening(name, titles[name], _filtered(seen, filters, but=(name,)).count()) for name in filters]
    return tuple(sorted((one for one in found if one.count), key=lambda one: -one.count))
