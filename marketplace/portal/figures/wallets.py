"""A buyer's money: available, held, spent, and the receipts it was spent on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from accounting import ledger
from accounting.models import Receipt
from accounting.payments import crediting
from marketplace.models import Organisation


@dataclass(frozen=True, slots=True)
class WalletFigures:
    available_micro_usd: int
    held_micro_usd: int
    spent_micro_usd: int
    answers: int
    owed_micro_usd: int


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One answer that was paid for."""

    id: UUID
    issued_at: datetime
    rested_on: tuple[str, ...]
    total_micro_usd: int


def of_organisation(organisation: Organisation) -> WalletFigures:
    balance = ledger.balance(organisation.wallet_account_id)
    sums = receipts_of(organisation).order_by().aggregate(spent=Sum("total_micro_usd"), answers=Count("id"))
    return WalletFigures(
        available_micro_usd=balance.available or 0,
        held_micro_usd=balance.pending,
        spent_micro_usd=sums["spent"] or 0,
        answers=sums["answers"],
        owed_micro_usd=crediting.owed_micro_usd(organisation.wallet_account_id),
    )


def receipts_of(organisation: Organisation) -> QuerySet[Receipt]:
    return Receipt.objects.filter(wallet=organisation.wallet_account_id).order_by("-issued_at", "-id")


def rows_of(receipts: Iterable[Receipt]) -> list[ReceiptRow]:
    """Receipts with the labels of their lines; prefetch `lines` first."""
    return [
        ReceiptRow(
            id=receipt.pk,
            issued_at=receipt.issued_at,
            rested_on=tuple(line.label for line in receipt.lines.all()),
            total_micro_usd=receipt.total_micro_usd,
        )
        for receipt in receipts
    ]
