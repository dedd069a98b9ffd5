"""Refusals by rule, by day, by source and by consumer: what policies keep out, over the last 30 days.

Counts are kept in `marketplace.demand`. A refusal of a source that an answer chose by name is counted with
the source; all others are counted by rule, once for every source and answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounting import keyset
from marketplace import tables
from marketplace.console.bars import Bar, bars
from marketplace.console.site import shown
from marketplace.models import RefusalCount
from marketplace.streaming import streamed

DAYS = 30
TOP = 10
COLUMNS = ("day", "rule", "source", "consumer", "purpose", "mode", "output", "count")


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, source or consumer; `named` are refusals of sources that were chosen by name."""

    name: str
    named: int
    others: int

    @property
    def total(self) -> int:
        return self.named + self.others


def dashboard(request: HttpRequest) -> HttpResponseBase:
    today = timezone.now().astimezone(UTC).date()
    rule = request.GET.get("rule", "")
    rows = _rows(today)
    by_rule = _lines(rows, "rule")
    chosen = rows.filter(rule=rule) if rule else rows
    days = _days(chosen, today)
    return shown(
        request, "refusals.html", "Refusals by clause",
        by_rule=by_rule, rule=rule, days=days, bars=bars([Bar(str(day.day), day.total) for day in days]),
        by_source=_lines(chosen.filter(source__isnull=False), "source__slug")[:TOP],
        by_consumer=_lines(chosen, "consumer__slug")[:TOP],
        total=sum(day.total for day in days), most=max(day.total for day in days),
        since=today - timedelta(days=DAYS - 1), until=today,
    )  # fmt: skip


def as_csv(request: HttpRequest) -> HttpResponseBase:
    """Every count of the last 30 days."""
    rows = _rows(timezone.now().astimezone(UTC).date())
    if request.GET.get("rule"):
        rows = rows.filter(rule=request.GET["rule"])
    return streamed(
        request,
        tables.lines(COLUMNS, _csv_rows(rows)),
        content_type="text/csv; charset=utf-8",
        filename="refusals.csv",
    )


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    named: int
    others: int

    @property
    def total(self) -> int:
        return self.named + self.others


def since(now: datetime) -> date:
    """The first of the days that are shown."""
    return now.astimezone(UTC).date() - timedelta(days=DAYS - 1)


def _rows(today: date) -> QuerySet[RefusalCount]:
    return RefusalCount.objects.filter(day__gt=today - timedelta(days=DAYS), day__lte=today)


def _sums(rows: QuerySet[RefusalCount], by: str) -> Iterator[tuple[Any, int, int]]:
    """(what, named, others) of each."""
    named = Sum("count", filter=Q(source__isnull=False), default=0)
    others = Sum("count", filter=Q(source__isnull=True), default=0)
    yield from (
        rows.order_by().values(by).annotate(named=named, others=others).values_list(by, "named", "others")
    )


def _lines(rows: QuerySet[RefusalCount], by: str) -> list[Line]:
    """The most first."""
    found = [Line(str(name), named, others) for name, named, others in _sums(rows, by)]
    return sorted(found, key=lambda line: (-line.total, line.name))


def _days(rows: QuerySet[RefusalCount], today: date) -> list[Day]:
    """Every day of the window, also those without a refusal."""
    sums = {day: (named, others) for day, named, others in _sums(rows, "day")}
    window = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return [Day(day, *sums.get(day, (0, 0))) for day in window]


def _csv_rows(rows: QuerySet[RefusalCount]) -> Iterator[dict[str, Any]]:
    columns = ("rule", "source__slug", "consumer__slug", "purpose", "mode", "output", "count")
    for day, _, *rest in keyset.walk(rows, moment="day", columns=columns):
        yield dict(zip(COLUMNS, (day.isoformat(), *rest), strict=True))
