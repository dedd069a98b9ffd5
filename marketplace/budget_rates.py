"""How fast a source's influence is used, from the receipts of the last 24 hours, and what follows from it.

One query for a whole page. An estimate is a straight line from a recent rate: it promises nothing, and where
there was no answer there is none.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Sum

from accounting.models import ChargedBy, ReceiptLine
from marketplace.models import Source

RECENT = timedelta(hours=24)
FURTHEST = timedelta(days=365 * 20)  # beyond that a straight line says nothing


@dataclass(frozen=True, slots=True)
class Rate:
    """What was used in the last 24 hours."""

    answers: int = 0
    nano_nats: int = 0

    def answers_in(self, left_nano_nats: int | None) -> int | None:
        """How many answers like the recent ones fit into what is left."""
        if left_nano_nats is None or not self.nano_nats:
            return None
        return left_nano_nats * self.answers // self.nano_nats

    def runs_out_at(self, left_nano_nats: int | None, now: datetime) -> datetime | None:
        """When it is used up at this rate; None without a rate or a limit, or in some far future."""
        if left_nano_nats is None or not self.nano_nats or left_nano_nats <= 0:
            return None
        seconds = left_nano_nats * RECENT.total_seconds() / self.nano_nats
        return now + timedelta(seconds=seconds) if seconds <= FURTHEST.total_seconds() else None


@dataclass(frozen=True, slots=True)
class _Part:
    wallet_id: int
    private: bool
    answers: int
    nano_nats: int


@dataclass(frozen=True, slots=True)
class Rates:
    """By who paid and by which kind of answer, so that every budget finds its own."""

    parts: tuple[_Part, ...]

    def of(self, *, wallet_id: int | None = None, private_only: bool = False) -> Rate:
        parts: Iterable[_Part] = (
            part
            for part in self.parts
            if (wallet_id is None or part.wallet_id == wallet_id) and (part.private or not private_only)
        )
        counted = [(part.answers, part.nano_nats) for part in parts]
        return Rate(sum(answers for answers, _ in counted), sum(nats for _, nats in counted))


def recent(source: Source, now: datetime) -> Rates:
    rows = (
        ReceiptLine.objects.filter(
            earnings_account_id=source.earnings_account_id,
            issued_at__gt=now - RECENT,
            issued_at__lte=now,
            drawn_nano_nats__gt=0,
            receipt__hold__lines__label=F("label"),
        )
        .order_by()
        .values(wallet=F("receipt__wallet_id"), charged_by=F("receipt__hold__lines__charged_by"))
        .annotate(answers=Count("pk"), nats=Sum("drawn_nano_nats"))
    )
    return Rates(
        tuple(
            _Part(row["wallet"], row["charged_by"] == ChargedBy.BLOCKS, row["answers"], row["nats"])
            for row in rows
        )
    )
