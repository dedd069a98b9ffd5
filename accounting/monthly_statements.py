"""One month of a wallet, or of the earnings accounts of an owner: opening + lines = closing, exactly.

The upper bound is fixed when the statement is opened, so that answers that arrive while it is written change
nothing in it. Totals and closing balance follow from the lines that were given out. Names of organisations
and sources are not known here. Reads only.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db.models import F, QuerySet, Sum
from django.db.models.expressions import Combinable

from accounting.errors import Invalid
from accounting.periods import Month
from accounting.statement_lines import (
    SIDES,
    Line,
    Window,
    of_earnings,
    of_wallet,
    other_transfers_of,
    receipt_lines_of,
    receipts_of,
)

Of = Literal["paid", "earned"]
SETTLING = timedelta(hours=1)  # an answer that ended in the month may be written so much later


@dataclass(slots=True)
class Total:
    """All lines of one kind."""

    lines: int = 0
    amount_micro_usd: int = 0


@dataclass(slots=True)
class Totals:
    """Sums of the lines that were given out so far; nano-nats that nobody measured stay None."""

    by_kind: dict[str, Total] = field(default_factory=dict)
    charges_micro_usd: int = 0
    floor_top_ups_micro_usd: int = 0
    fee_micro_usd: int = 0
    nano_nats: int = 0
    shared_nano_nats: int | None = None
    measured_answers: int = 0
    _moment: datetime | None = None
    _seen: set[object] = field(default_factory=set)  # receipts of this moment: seats of one answer count once

    @property
    def lines(self) -> int:
        return sum(total.lines for total in self.by_kind.values())

    @property
    def moved_micro_usd(self) -> int:
        return sum(total.amount_micro_usd for total in self.by_kind.values())

    def add(self, line: Line) -> None:
        total = self.by_kind.setdefault(line.kind, Total())
        total.lines += 1
        total.amount_micro_usd += line.amount_micro_usd
        self.charges_micro_usd += line.charges_micro_usd or 0
        self.floor_top_ups_micro_usd += line.floor_top_up_micro_usd or 0
        self.fee_micro_usd += line.fee_micro_usd or 0
        self.nano_nats += line.nano_nats or 0
        self._share(line)

    def _share(self, line: Line) -> None:
        if line.shared_nano_nats is None:
            return
        if line.at != self._moment:
            self._moment = line.at
            self._seen.clear()
        if line.receipt_id not in self._seen:
            self._seen.add(line.receipt_id)
            self.shared_nano_nats = (self.shared_nano_nats or 0) + line.shared_nano_nats
            self.measured_answers += 1


@dataclass(slots=True)
class Statement:
    """Walk `lines` once to its end; `totals` and `closing` are complete then."""

    of: Of
    month: Month
    as_of: datetime  # the fixed upper bound, itself not included
    final: bool  # whether nothing can be added to it any more
    opening_micro_usd: int
    account_ids: Collection[int]
    window: Window
    _read: Callable[[], Iterator[Line]]
    totals: Totals = field(default_factory=Totals)

    @property
    def closing_micro_usd(self) -> int:
        return self.opening_micro_usd + self.totals.moved_micro_usd

    def lines(self) -> Iterator[tuple[Line, int]]:
        """Every line with the balance after it."""
        self.totals = Totals()
        for line in self._read():
            self.totals.add(line)
            yield line, self.closing_micro_usd


def of_consumer(*, wallet_id: int, month: Month, now: datetime) -> Statement:
    window = _window(month, now)
    paid = _sum(receipts_of(wallet_id, Window(None, month.since)), F("total_micro_usd"))
    opening = _others_before((wallet_id,), month) - paid
    return Statement(
        "paid", month, window.until, _final(month, now), opening, (wallet_id,), window,
        lambda: of_wallet(wallet_id, window),
    )  # fmt: skip


def of_owner(*, earnings_account_ids: Collection[int], month: Month, now: datetime) -> Statement:
    window = _window(month, now)
    earned = _sum(
        receipt_lines_of(earnings_account_ids, Window(None, month.since)),
        F("charge_micro_usd") + F("floor_top_up_micro_usd"),
    )
    opening = _others_before(earnings_account_ids, month) + earned
    return Statement(
        "earned", month, window.until, _final(month, now), opening, earnings_account_ids, window,
        lambda: of_earnings(earnings_account_ids, window),
    )  # fmt: skip


def _window(month: Month, now: datetime) -> Window:
    if month.since > now:
        raise Invalid(
            f"{month} has not begun yet.",
            code="month_not_begun",
            next_step=f"Ask for {Month.of(now)} or an earlier month.",
        )
    return Window(month.since, min(month.until, now))


def _final(month: Month, now: datetime) -> bool:
    return now >= month.until + SETTLING


def _others_before(account_ids: Collection[int], month: Month) -> int:
    before = Window(None, month.since)
    credited, debited = (_sum(other_transfers_of(account_ids, side, before), F("amount")) for side in SIDES)
    return credited - debited


def _sum(rows: QuerySet[Any], amount: Combinable) -> int:
    total: int | None = rows.aggregate(total=Sum(amount))["total"]
    return total or 0
