"""Monthly statements in the portal: a page with the month's sums, one to print, and the same as files."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounting.errors import Invalid
from accounting.monthly_statements import Of
from accounting.periods import Month
from accounting.statement_summary import summarise
from marketplace import statement_texts, statements
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.statements import NamedStatement
from marketplace.streaming import streamed
from marketplace.visibility import own_source

SHOWN = 50  # lines on the page itself
A_BATCH = 200
LINES_GO_HERE = "<!-- lines -->"
SECTIONS = {"paid": "account", "earned": "earnings"}


@require_safe
@at_desk
def statement(request: HttpRequest, desk: Desk, of: Of) -> HttpResponseBase:
    """The month's sums and its first lines."""
    try:
        named = _asked_for(request, desk, of)
    except Invalid as error:
        return _refused(request, desk, of, error)
    rows = list(islice(named.rows(), SHOWN))
    summarise(named.statement)
    return page(
        request,
        desk,
        "statement.html",
        section=SECTIONS[of],
        rows=rows,
        sources=list(desk.organisation.sources.order_by("title")) if of == "earned" else [],
        **_context(named),
    )


@require_safe
@at_desk
def printed(request: HttpRequest, desk: Desk, of: Of) -> HttpResponseBase:
    """Every line on one page, made while it is sent; its totals stand at its end."""
    try:
        named = _asked_for(request, desk, of)
    except Invalid as error:
        return _refused(request, desk, of, error)
    return streamed(request, _printed(named), content_type="text/html; charset=utf-8")


@require_safe
@at_desk
def file(request: HttpRequest, desk: Desk, of: Of, form: str) -> HttpResponseBase:
    try:
        named = _asked_for(request, desk, of)
    except Invalid as error:
        return _refused(request, desk, of, error)
    name = f"{named.filename}.{form}"
    if form == "csv":
        parts = statement_texts.as_csv(named)
        return streamed(request, parts, content_type="text/csv; charset=utf-8", filename=name)
    return streamed(request, statement_texts.as_json(named), content_type="application/json", filename=name)


def _asked_for(request: HttpRequest, desk: Desk, of: Of) -> NamedStatement:
    now = timezone.now()
    month = Month.parse(request.GET["month"]) if request.GET.get("month") else Month.of(now)
    if of == "paid":
        return statements.of_consumer(organisation=desk.organisation, month=month, now=now)
    slug = request.GET.get("source")
    source = own_source(organisation=desk.organisation, slug=slug) if slug else None
    return statements.of_owner(organisation=desk.organisation, source=source, month=month, now=now)


def _refused(request: HttpRequest, desk: Desk, of: Of, error: Invalid) -> HttpResponse:
    current = str(Month.of(timezone.now()))
    return page(
        request, desk, "statement.html", section=SECTIONS[of], of=of, refusal=error, month=current,
        current=current, chosen=None, sources=[], status=422,
    )  # fmt: skip


def _context(named: NamedStatement) -> dict[str, Any]:
    """What page and print show alike. After the lines were walked, or summed, the sums are complete."""
    found, current = named.statement, Month.of(timezone.now())
    arrived = {kind: total for kind, total in found.totals.by_kind.items() if total.amount_micro_usd > 0}
    return {
        "of": found.of,
        "named": named,
        "statement": found,
        "totals": found.totals,
        "by_kind": named.ending()["totals"],
        "in_micro_usd": sum(total.amount_micro_usd for total in arrived.values()),
        "out_micro_usd": found.totals.moved_micro_usd
        - sum(total.amount_micro_usd for total in arrived.values()),
        "shared": named.shared(),
        "chosen": named.source,
        "month": str(found.month),
        "current": str(current),
        "previous": str(found.month.previous),
        "next": str(found.month.next) if found.month < current else None,
        "query": f"month={found.month}" + (f"&source={named.source.slug}" if named.source else ""),
    }


def _printed(named: NamedStatement) -> Iterator[str]:
    """One template, cut where the lines go: above it what is known before them, below what they came to."""
    template = "marketplace/statement_print.html"
    yield render_to_string(template, _context(named)).partition(LINES_GO_HERE)[0]
    rows = named.rows()
    while batch := list(islice(rows, A_BATCH)):
        lines = {"rows": batch, "of": named.statement.of, "whole_ids": True}  # paper cannot be clicked
        yield render_to_string("marketplace/parts/statement_rows.html", lines)
    yield render_to_string(template, _context(named)).partition(LINES_GO_HERE)[2]
