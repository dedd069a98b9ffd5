"""What was given back, for whoever looks at a receipt or at earnings. Reads only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from accounting.models import AccountKind, Refund, Transfer


@dataclass(frozen=True, slots=True)
class Part:
    """Who gave how much back; `earnings_account_id` is None for the platform's fee."""

    label: str
    earnings_account_id: int | None
    amount_micro_usd: int


@dataclass(frozen=True, slots=True)
class GivenBack:
    """One refund with its parts, which sum to its amount."""

    id: UUID
    made_at: datetime
    reason: str
    amount_micro_usd: int
    nano_nats: int
    parts: tuple[Part, ...]


def of_receipt(receipt_id: UUID) -> tuple[GivenBack, ...]:
    """Its refunds, oldest first."""
    rows = list(Refund.objects.filter(receipt_id=receipt_id).order_by("made_at", "pk"))
    kinds = (AccountKind.EARNINGS, AccountKind.PLATFORM_FEE)
    backs = Transfer.objects.filter(
        operation__in=[row.operation_id for row in rows], debit_account__kind__in=kinds
    ).select_related("reverses", "debit_account")
    parts: dict[UUID, list[Part]] = {row.operation_id: [] for row in rows}
    for back in backs.order_by("pk"):
        parts[back.operation_id].append(_part(back))
    return tuple(
        GivenBack(
            row.pk, row.made_at, row.reason, row.amount_micro_usd, row.nano_nats,
            tuple(sorted(parts[row.operation_id], key=_owners_first)),
        )
        for row in rows
    )  # fmt: skip


def from_earnings(account_ids: Collection[int]) -> int:
    """What these accounts gave back to buyers in all, in micro-USD."""
    backs = Transfer.objects.filter(
        debit_account__in=account_ids,
        hold__isnull=True,
        reverses__hold__isnull=False,
        operation__refund__isnull=False,
    )
    return backs.aggregate(total=Sum("amount"))["total"] or 0


def _owners_first(part: Part) -> tuple[bool, str]:
    return (part.earnings_account_id is None, part.label)


def _part(back: Transfer) -> Part:
    earned = back.debit_account.kind == AccountKind.EARNINGS
    label = back.reverses.label if back.reverses else ""
    return Part(label, back.debit_account_id if earned else None, back.amount)
