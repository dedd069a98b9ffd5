"""What came into a wallet and what left it, newest first, each leading to a receipt or a top-up. Reads only.

An answer is one line, its receipt, however many transfers paid it; every other transfer is a line of its own.
The lines sum to what the wallet has.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import CharField, F, Q, QuerySet, Value

from accounting.models import Phase, Receipt, Transfer
from accounting.models.transfers import MOVING_PHASES

Key = tuple[str, UUID, datetime]
A_BATCH = 500


@dataclass(frozen=True, slots=True)
class Movement:
    """One line: what came in is positive, what left is negative."""

    id: UUID
    at: datetime
    label: str
    amount_micro_usd: int
    receipt_id: UUID | None = None
    top_up_id: UUID | None = None


def keys(wallet_id: int) -> QuerySet[Any, Key]:
    """All lines, ordered, without their content: what a page is cut from."""
    answers = Receipt.objects.filter(wallet_id=wallet_id, total_micro_usd__gt=0)
    others = Transfer.objects.filter(
        Q(debit_account_id=wallet_id) | Q(credit_account_id=wallet_id),
        phase__in=MOVING_PHASES,
        hold__isnull=True,
    )
    lines: QuerySet[Any, Key] = _keys("answer", answers, "issued_at").union(
        _keys("transfer", others, "created_at"), all=True
    )
    return lines.order_by("-at", "-id")


def _keys(kind: str, rows: Any, moment: str) -> Any:
    named = rows.order_by().annotate(kind=Value(kind, output_field=CharField()), at=F(moment))
    return named.values_list("kind", "id", "at")


def shown(wallet_id: int, page: Iterable[Key]) -> list[Movement]:
    """The content of one page of keys, in two queries."""
    wanted = list(page)
    receipts = Receipt.objects.in_bulk([id_ for kind, id_, _ in wanted if kind == "answer"])
    transfers = (
        Transfer.objects.filter(pk__in=[id_ for kind, id_, _ in wanted if kind == "transfer"])
        .select_related("reverses__hold__receipt")
        .in_bulk()
    )
    return [
        _of_receipt(receipts[id_]) if kind == "answer" else _of_transfer(wallet_id, transfers[id_])
        for kind, id_, _ in wanted
    ]


def all_shown(wallet_id: int) -> Iterator[Movement]:
    """Every line, read some hundred at a time."""
    waiting = keys(wallet_id).iterator(chunk_size=A_BATCH)
    while batch := list(islice(waiting, A_BATCH)):
        yield from shown(wallet_id, batch)


def _of_receipt(receipt: Receipt) -> Movement:
    return Movement(receipt.pk, receipt.issued_at, "answer", -receipt.total_micro_usd, receipt_id=receipt.pk)


def _of_transfer(wallet_id: int, transfer: Transfer) -> Movement:
    sign = 1 if transfer.credit_account_id == wallet_id else -1
    top_up = transfer.detail.get("top_up")
    hold = transfer.reverses.hold if transfer.reverses else None
    return Movement(
        id=transfer.pk,
        at=transfer.created_at,
        label=transfer.label or Phase(transfer.phase).label,
        amount_micro_usd=sign * transfer.amount,
        receipt_id=hold.receipt.pk if hold is not None and hasattr(hold, "receipt") else None,
        top_up_id=UUID(top_up) if top_up else None,
    )
