"""What a consumer paid and what an owner earned, line by line, each leading to a receipt. Reads only.

All lists are ordered querysets, newest first with the id as tie-breaker, so that callers can page through
them; their sums are the sums of the receipts (rule 7).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet, Sum

from accounting.models import Receipt, ReceiptLine


@dataclass(frozen=True, slots=True)
class Usage:
    receipts: int
    charges_micro_usd: int
    fee_micro_usd: int
    total_micro_usd: int


@dataclass(frozen=True, slots=True)
class Earnings:
    lines: int
    nano_nats: int
    charge_micro_usd: int
    floor_top_up_micro_usd: int

    @property
    def total_micro_usd(self) -> int:
        return self.charge_micro_usd + self.floor_top_up_micro_usd


def usage_lines(
    *, wallet_id: int, since: datetime | None = None, until: datetime | None = None
) -> QuerySet[Receipt]:
    """One receipt per answer that the wallet paid for, `since` included and `until` not."""
    return (
        Receipt.objects.filter(_between(since, until), wallet_id=wallet_id)
        .prefetch_related("lines")
        .order_by("-issued_at", "-id")
    )


def usage(*, wallet_id: int, since: datetime | None = None, until: datetime | None = None) -> Usage:
    lines = Receipt.objects.filter(_between(since, until), wallet_id=wallet_id)
    sums = lines.aggregate(
        charges=Sum("charges_micro_usd"), fee=Sum("fee_micro_usd"), total=Sum("total_micro_usd")
    )
    return Usage(lines.count(), sums["charges"] or 0, sums["fee"] or 0, sums["total"] or 0)


def earnings_lines(
    *,
    earnings_account_ids: Collection[int],
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[ReceiptLine]:
    """One line per answer and seat that these accounts earned from, with its receipt at hand."""
    return (
        ReceiptLine.objects.filter(_between(since, until), earnings_account_id__in=earnings_account_ids)
        .select_related("receipt")
        .order_by("-issued_at", "-id")
    )


def earnings(
    *,
    earnings_account_ids: Collection[int],
    since: datetime | None = None,
    until: datetime | None = None,
) -> Earnings:
    lines = ReceiptLine.objects.filter(_between(since, until), earnings_account_id__in=earnings_account_ids)
    sums = lines.aggregate(
        nats=Sum("nano_nats"), charge=Sum("charge_micro_usd"), floors=Sum("floor_top_up_micro_usd")
    )
    return Earnings(lines.count(), sums["nats"] or 0, sums["charge"] or 0, sums["floors"] or 0)


def _between(since: datetime | None, until: datetime | None, column: str = "issued_at") -> Q:
    within = Q()
    if since is not None:
        within &= Q(**{f"{column}__gte": since})
    if until is not None:
        within &= Q(**{f"{column}__lt": until})
    return within
