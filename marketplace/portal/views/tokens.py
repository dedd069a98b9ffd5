"""The heat map of a stored answer, for its buyer: where in the text each source moved it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounting.errors import NotFound
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.figures import heat, receipts
from marketplace.token_map import token_map

TOKENS_A_PAGE = 200
MOST_FIRST = 1_000_000


@require_safe
@at_desk
def tokens(request: HttpRequest, desk: Desk, receipt_id: UUID) -> HttpResponse:
    found = receipts.find(receipt_id=receipt_id, organisation=desk.organisation)
    if found.as_owner:
        raise NotFound("There is no such receipt.")
    voters = [line.label for line in found.lines]
    chosen = request.GET.get("source", "")
    sources = [chosen] if chosen in voters else voters
    first = _first(request.GET.get("first", ""))
    told = token_map(receipt_id=receipt_id, organisation=desk.organisation, first=first, count=TOKENS_A_PAGE)
    return page(
        request,
        desk,
        "tokens.html",
        section="account",
        receipt=found.receipt,
        voters=voters,
        chosen=chosen if chosen in voters else "",
        map=told,
        shades=heat.shaded(told, sources),
        sentences=heat.sentences(told, sources),
        first=first,
        steps=list(enumerate((0.0, *heat.STEPS_NATS))),
    )


def _first(text: str) -> int:
    return min(int(text), MOST_FIRST) if text.isascii() and text.isdecimal() and len(text) <= 7 else 0
