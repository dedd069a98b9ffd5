"""What an owner's sources earned, from receipt lines: totals, by source, by day, and line by line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncDate

from accounting import keyset
from accounting.models import ReceiptLine
from marketplace.models import Source

EARNED = F("charge_micro_usd") + F("floor_top_up_micro_usd")
DAYS = 30


@dataclass(frozen=True, slots=True)
class Earned:
    """Sums over receipt lines."""

    answers: int = 0
    nano_nats: int = 0
    earned_micro_usd: int = 0
    slug: str = ""
    title: str = "All"


@dataclass(frozen=True, slots=True)
class Line:
    """One source's line of one receipt."""

    issued_at: datetime
    slug: str
    title: str
    receipt_id: UUID
    nano_nats: int
    charge_micro_usd: int
    floor_top_up_micro_usd: int

    @property
    def earned_micro_usd(self) -> int:
        return self.charge_micro_usd + self.floor_top_up_micro_usd


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the chart, in per cent of its box."""

    date: date
    micro_usd: int
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Days:
    bars: tuple[Bar, ...]

    @property
    def first(self) -> date:
        return self.bars[0].date

    @property
    def last(self) -> date:
        return self.bars[-1].date

    @property
    def total(self) -> int:
        return sum(bar.micro_usd for bar in self.bars)


def lines_of(sources: Iterable[Source]) -> QuerySet[ReceiptLine]:
    """The receipt lines of these sources, newest first."""
    accounts = [source.earnings_account_id for source in sources]
    return ReceiptLine.objects.filter(earnings_account__in=accounts).order_by("-issued_at", "-id")


def shown(lines: Iterable[ReceiptLine], sources: Iterable[Source]) -> list[Line]:
    """Lines with the names of their sources; accounting itself knows accounts only."""
    by_account = {source.earnings_account_id: source for source in sources}
    return [
        Line(
            issued_at=line.issued_at,
            slug=by_account[line.earnings_account_id].slug,
            title=by_account[line.earnings_account_id].title,
            receipt_id=line.receipt_id,
            nano_nats=line.nano_nats,
            charge_micro_usd=line.charge_micro_usd,
            floor_top_up_micro_usd=line.floor_top_up_micro_usd,
        )
        for line in lines
    ]


_WHOLE = ("earnings_account_id", "receipt_id", "nano_nats", "charge_micro_usd", "floor_top_up_micro_usd")


def every_line(sources: Sequence[Source], *, now: datetime) -> Iterator[dict[str, Any]]:
    """All lines up to now, oldest first, however many there are."""
    slugs = {source.earnings_account_id: source.slug for source in sources}
    rows = lines_of(sources).filter(issued_at__lte=now)
    for at, _, account, receipt, nats, charge, floor in keyset.walk(rows, moment="issued_at", columns=_WHOLE):
        yield {
            "issued_at": at,
            "source": slugs[account],
            "receipt_id": receipt,
            "nano_nats": nats,
            "charge_micro_usd": charge,
            "floor_top_up_micro_usd": floor,
            "earned_micro_usd": charge + floor,
        }


def by_source(sources: Sequence[Source], *, since: datetime | None = None) -> dict[int, Earned]:
    """Sums of each source, by the source's id, in one query; a source without a line has zeros."""
    rows = lines_of(sources).order_by()
    if since is not None:
        rows = rows.filter(issued_at__gte=since)
    sums = {row["earnings_account"]: row for row in rows.values("earnings_account").annotate(**_SUMS)}
    return {source.pk: _earned(sums.get(source.earnings_account_id), source) for source in sources}


def in_all(sources: Iterable[Source], *, since: datetime | None = None) -> Earned:
    """Sums over all of them; an answer that two of them supported counts once."""
    rows = lines_of(sources).order_by()
    if since is not None:
        rows = rows.filter(issued_at__gte=since)
    return _earned(rows.aggregate(**_SUMS), None)


def by_day(sources: Iterable[Source], *, now: datetime) -> Days:
    """The last 30 days, today included, days without income too."""
    first = now.date() - timedelta(days=DAYS - 1)
    rows = (
        lines_of(sources)
        .order_by()
        .filter(issued_at__gte=now - timedelta(days=DAYS))
        .annotate(day=TruncDate("issued_at"))
        .values("day")
        .annotate(micro_usd=Sum(EARNED))
    )
    earned = {row["day"]: int(row["micro_usd"]) for row in rows}
    most = max(earned.values(), default=0)
    return Days(tuple(_bar(index, first + timedelta(days=index), earned, most) for index in range(DAYS)))


_SUMS = {
    "answers": Count("receipt", distinct=True),
    "nano_nats": Sum("nano_nats"),
    "earned_micro_usd": Sum(EARNED),
}


def _earned(row: Mapping[str, Any] | None, source: Source | None) -> Earned:
    slug, title = (source.slug, source.title) if source else ("", "All")
    if row is None:
        return Earned(slug=slug, title=title)
    return Earned(row["answers"], row["nano_nats"] or 0, row["earned_micro_usd"] or 0, slug, title)


def _bar(index: int, day: date, earned: dict[date, int], most: int) -> Bar:
    micro_usd = earned.get(day, 0)
    height = max(round(100 * micro_usd / most, 2), 2.0) if most else 2.0
    return Bar(day, micro_usd, x=round(index * 100 / DAYS, 3), y=round(100 - height, 2), height=height)
