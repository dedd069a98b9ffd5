"""The catalogue's pages, for everybody: find sources, read a card, put up to three side by side."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounting.errors import Invalid
from marketplace import offers
from marketplace.api.odrl import base_of
from marketplace.catalogue.cards import Card, cards_of
from marketplace.catalogue.search import search
from marketplace.catalogue.site import Site, citation
from marketplace.catalogue.wanted import SORTS, Wanted
from marketplace.models import Source
from marketplace.policy.sentences import sentences
from marketplace.portal.desk import Desk, in_public, page
from marketplace.portal.figures import finding
from marketplace.visibility import visible_source, visible_to

MOST_COMPARED = 3


@require_safe
@in_public
def catalogue(request: HttpRequest, desk: Desk | None) -> HttpResponse:
    try:
        wanted = Wanted.read(request.GET)
        found = search(
            organisation=desk.organisation if desk else None,
            wanted=wanted,
            now=timezone.now(),
            cursor=request.GET.get("cursor", ""),
        )
    except Invalid as error:
        return page(request, desk, "catalogue_unread.html", section="catalogue", error=error, status=422)
    return page(
        request,
        desk,
        "catalogue.html",
        section="catalogue",
        wanted=wanted,
        found=found,
        cards=cards_of(found.sources),
        filters=finding.filters_of(wanted, found.facets),
        loosen=finding.looser(wanted, found.loosen),
        query=finding.with_end(wanted.query()),
        sorts=SORTS.items() if wanted.text else [one for one in SORTS.items() if one[0] != "best"],
    )


@require_safe
@in_public
def card(request: HttpRequest, desk: Desk | None, slug: str) -> HttpResponse:
    found = visible_source(organisation=desk.organisation if desk else None, slug=slug)
    (shown,) = cards_of([found])
    return page(
        request,
        desk,
        "card.html",
        section="catalogue",
        card=shown,
        source=found,
        is_own=desk is not None and found.organisation_id == desk.organisation.pk,
        sentences=_sentences(shown),
        citation=citation(found, Site(base_of(request))),
    )


@require_safe
@in_public
def compare(request: HttpRequest, desk: Desk | None) -> HttpResponse:
    """What somebody may not know of is left out, like what does not exist."""
    slugs = list(dict.fromkeys(request.GET.getlist("source")))[:MOST_COMPARED]
    sources = _named(desk, slugs)
    cards = cards_of(sources)
    return page(
        request,
        desk,
        "compare.html",
        section="catalogue",
        cards=cards,
        columns=[(one, _sentences(one)) for one in cards],
        most=MOST_COMPARED,
    )


def _named(desk: Desk | None, slugs: list[str]) -> list[Source]:
    seen = visible_to(desk.organisation if desk else None).filter(slug__in=slugs)
    found = {one.slug: one for one in seen.select_related("organisation", "policy")}
    return [found[slug] for slug in slugs if slug in found]


def _sentences(shown: Card) -> list[str]:
    """What the policy says to everybody: whom it names is between its owner and them."""
    policy = shown.source.policy
    return sentences(offers.nameless(policy)) if shown.details and policy else []
