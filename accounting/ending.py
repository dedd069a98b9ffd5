"""Resolves what a hold still holds: posts what was used, returns the rest, closes the hold.

The one place where pending transfers of a hold are resolved; settlement, expiry and void say with which
amounts. Runs inside their transaction, with the hold locked; takes the accounts in ascending id.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from accounting import operations
from accounting.errors import Conflict
from accounting.ledger import lock
from accounting.models import Hold, HoldState, Phase, Transfer


def give_back_everything(hold: Hold, operation_id: UUID, now: datetime) -> None:
    resolve(
        hold,
        used_nano_nats={},
        total_micro_usd=0,
        operation_id=operation_id,
        returned_as=Phase.VOID,
        now=now,
    )


def resolve(
    hold: Hold,
    *,
    used_nano_nats: Mapping[int, int],
    total_micro_usd: int,
    operation_id: UUID,
    returned_as: Phase,
    now: datetime,
) -> None:
    """Post `total_micro_usd` of the held money and `used_nano_nats` (by line id) of the held blocks."""
    pending = list(
        Transfer.objects.filter(hold=hold, phase=Phase.PENDING).order_by(
            "debit_account_id", "created_at", "id"
        )
    )
    lock({transfer.debit_account_id for transfer in pending})
    groups: dict[tuple[int, int | None], list[Transfer]] = defaultdict(list)
    for transfer in pending:
        groups[transfer.debit_account_id, transfer.line_id].append(transfer)
    rows: list[Transfer] = []
    for (_, line_id), held in groups.items():
        used = total_micro_usd if line_id is None else used_nano_nats.get(line_id, 0)
        rows += _resolved(held, used, operation_id, returned_as, now)
    Transfer.objects.bulk_create(rows)


def _resolved(
    held: list[Transfer], used: int, operation_id: UUID, returned_as: Phase, now: datetime
) -> list[Transfer]:
    if used > sum(transfer.amount for transfer in held):
        raise Conflict("More was used than is held.", code="above_hold")
    rows = []
    for transfer in held:
        part = min(used, transfer.amount)
        used -= part
        rows.append(
            Transfer(
                id=operations.numbered(operation_id, transfer.pk),
                operation_id=operation_id,
                phase=Phase.POST_PENDING if part else returned_as,
                asset=transfer.asset,
                debit_account_id=transfer.debit_account_id,
                credit_account_id=transfer.credit_account_id,
                amount=part or transfer.amount,
                pending=transfer,
                pending_amount=transfer.amount,
                hold_id=transfer.hold_id,
                line_id=transfer.line_id,
                label=transfer.label,
                created_at=now,
            )
        )
    return rows


def close(hold: Hold, state: HoldState, reason: str, now: datetime) -> None:
    hold.state, hold.reason, hold.ended_at = state, reason[:200], now
    hold.save(update_fields=["state", "reason", "ended_at", "tokens_drawn", "tokens_delivered"])
