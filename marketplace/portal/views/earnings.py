"""Earnings: by day, by source, line by line to the receipts, and the same as CSV."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounting.errors import NotFound
from marketplace import tables
from marketplace.models import Source
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.figures import earnings as figures
from marketplace.portal.figures.sources import sources_of
from marketplace.streaming import streamed

A_PAGE = 25
COLUMNS = (
    "issued_at",
    "source",
    "receipt_id",
    "nano_nats",
    "charge_micro_usd",
    "floor_top_up_micro_usd",
    "earned_micro_usd",
)


@require_safe
@at_desk
def earnings(request: HttpRequest, desk: Desk) -> HttpResponse:
    sources = sources_of(desk.organisation)
    chosen = _chosen(request, sources)
    cut = Paginator(figures.lines_of([chosen] if chosen else sources), A_PAGE).get_page(
        request.GET.get("page")
    )
    return page(
        request,
        desk,
        "earnings.html",
        section="earnings",
        chosen=chosen,
        totals=figures.in_all(sources),
        by_source=sorted(figures.by_source(sources).values(), key=lambda row: -row.earned_micro_usd),
        days=figures.by_day([chosen] if chosen else sources, now=timezone.now()),
        page=cut,
        lines=figures.shown(cut.object_list, sources),
        query=f"source={chosen.slug}&" if chosen else "",
    )


@require_safe
@at_desk
def earnings_csv(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Every line; amounts in micro-USD and nano-nats, so that nothing is rounded."""
    sources = sources_of(desk.organisation)
    chosen = _chosen(request, sources)
    rows = figures.every_line([chosen] if chosen else sources, now=timezone.now())
    return streamed(
        request,
        tables.lines(COLUMNS, rows),
        content_type="text/csv; charset=utf-8",
        filename=f"earnings-{chosen.slug if chosen else desk.organisation.slug}.csv",
    )


def _chosen(request: HttpRequest, sources: list[Source]) -> Source | None:
    slug = request.GET.get("source")
    if not slug:
        return None
    chosen = next((source for source in sources if source.slug == slug), None)
    if chosen is None:
        raise NotFound("There is no such source.")
    return chosen
