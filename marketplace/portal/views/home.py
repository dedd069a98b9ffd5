"""The first page: what was earned, what is left, what needs doing."""

from collections.abc import Sequence
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from marketplace.models import Source, SourceState
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.figures import earnings, wallets
from marketplace.portal.figures.sources import SourceRow, rows_of, sources_of
from marketplace.portal.figures.tasks import tasks_of

ROWS, LINES = 5, 6


@require_safe
@at_desk
def home(request: HttpRequest, desk: Desk) -> HttpResponse:
    now = timezone.now()
    sources = sources_of(desk.organisation)
    if not sources:
        return _without_sources(request, desk, now)
    rows = rows_of(sources)
    latest = earnings.lines_of(sources)[:LINES]
    return page(
        request,
        desk,
        "home.html",
        section="home",
        now=now,
        sources=sources,
        totals=_totals(sources, rows, now),
        tasks=tasks_of(rows),
        top_rows=sorted(rows, key=lambda row: -row.earned_micro_usd)[:ROWS],
        lines=earnings.shown(latest, sources),
    )


def _without_sources(request: HttpRequest, desk: Desk, now: datetime) -> HttpResponse:
    """Who asks sees the wallet first; who has done neither yet sees the steps."""
    wallet = wallets.of_organisation(desk.organisation)
    latest = wallets.receipts_of(desk.organisation).prefetch_related("lines")[:LINES]
    return page(
        request,
        desk,
        "home.html",
        section="home",
        now=now,
        asks=bool(wallet.available_micro_usd or wallet.answers),
        wallet=wallet,
        rows=wallets.rows_of(latest),
    )


def _totals(sources: Sequence[Source], rows: Sequence[SourceRow], now: datetime) -> dict[str, int | None]:
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    ever, lately = earnings.in_all(sources), earnings.in_all(sources, since=month)
    limited = [row.budget.left for row in rows if row.budget.left is not None]
    return {
        "earned_micro_usd": ever.earned_micro_usd,
        "earned_month_micro_usd": lately.earned_micro_usd,
        "answers": ever.answers,
        "answers_month": lately.answers,
        "left_nano_nats": sum(limited) if limited else None,
        "spent_nano_nats": sum(row.budget.spent for row in rows),
        "live": sum(row.state == SourceState.LIVE for row in rows),
        "voting": sum(row.votes for row in rows),
    }
