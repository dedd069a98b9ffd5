"""Works out the rows of linked steps against locked accounts, or names the first step that fails.

Runs inside the transaction of `transfers`; it takes the pending and the reversed transfers and then the
accounts, each in ascending id, and writes nothing. Whether a caller may ask for this is not decided here.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from accounting import ledger, operations
from accounting.errors import Conflict, DomainError, Invalid, NotFound
from accounting.models import Account, Phase, Transfer
from accounting.models.transfers import MOVING_PHASES, RETURNING_PHASES
from accounting.steps import HoldStep, PostHeldStep, PostStep, Step, VoidStep


@dataclass(slots=True)
class Books:
    """What the steps stand on; `left` and `reversible` shrink as the steps before take their part."""

    accounts: dict[int, Account]
    named: dict[UUID, Transfer]
    resolved: dict[UUID, str]
    left: dict[int, int | None]
    reversible: dict[UUID, int]


def rows_of(operation_id: UUID, steps: Sequence[Step], now: datetime) -> list[Transfer]:
    """One row per step, in order; the refusal of the first that fails says its number as `step`."""
    books = _opened(steps)
    rows = []
    for number, step in enumerate(steps):
        try:
            row = _row(books, step, now)
        except DomainError as refusal:
            refusal.extra["step"] = number
            raise
        row.id, row.operation_id = operations.numbered(operation_id, number), operation_id
        rows.append(row)
    return rows


def lock_transfers(transfer_ids: Iterable[UUID]) -> dict[UUID, Transfer]:
    """Transfers that exist, kept to this transaction: each is resolved or corrected one at a time."""
    rows = Transfer.objects.select_for_update(no_key=True).filter(pk__in=set(transfer_ids)).order_by("pk")
    return {row.pk: row for row in rows}


def reversible(originals: Collection[Transfer]) -> dict[UUID, int]:
    """What of each can still be reversed; true as long as they are locked."""
    corrected = Transfer.objects.filter(reverses__in=[one.pk for one in originals]).values("reverses")
    gone = dict(corrected.annotate(total=Sum("amount")).values_list("reverses", "total"))
    return {one.pk: one.amount - gone.get(one.pk, 0) for one in originals}


def resolutions(transfer_ids: Iterable[UUID]) -> dict[UUID, str]:
    """How pending transfers ended, for those that did."""
    return dict(Transfer.objects.filter(pending__in=set(transfer_ids)).values_list("pending_id", "phase"))


def resolving(
    pending: Transfer, phase: Phase, now: datetime, *, amount: int | None = None, label: str = ""
) -> Transfer:
    """The row that ends a pending transfer."""
    return Transfer(
        phase=phase, asset=pending.asset, debit_account_id=pending.debit_account_id,
        credit_account_id=pending.credit_account_id, amount=amount or pending.amount, pending=pending,
        pending_amount=pending.amount, label=label or pending.label, created_at=now,
    )  # fmt: skip


def _opened(steps: Sequence[Step]) -> Books:
    pending_ids = {step.pending_id for step in steps if isinstance(step, PostHeldStep | VoidStep)}
    reversed_ids = {step.reverses for step in steps if isinstance(step, PostStep) and step.reverses}
    named = lock_transfers(pending_ids | reversed_ids)
    opening = [step for step in steps if isinstance(step, PostStep | HoldStep)]
    sides = [(step.debit_account_id, step.credit_account_id) for step in opening]
    sides += [(row.debit_account_id, row.credit_account_id) for row in named.values()]
    accounts = ledger.lock_what_can_refuse({account_id for pair in sides for account_id in pair})
    return Books(
        accounts=accounts,
        named=named,
        resolved=resolutions(pending_ids),
        left={account_id: ledger.available(account) for account_id, account in accounts.items()},
        reversible=reversible([named[pk] for pk in reversed_ids if pk in named]),
    )


def _row(books: Books, step: Step, now: datetime) -> Transfer:
    if isinstance(step, PostHeldStep):
        return _posted_from_hold(books, step, now)
    if isinstance(step, VoidStep):
        return resolving(_open_pending(books, step.pending_id, now), Phase.VOID, now, label=step.label)
    return _opening(books, step, now)


def _opening(books: Books, step: PostStep | HoldStep, now: datetime) -> Transfer:
    _require_one_asset(books, step)
    if isinstance(step, PostStep) and step.reverses is not None:
        _take_reversal(books, step, step.reverses)
    _take_funds(books, step.debit_account_id, step.amount)
    row = Transfer(
        phase=Phase.POSTED, asset=books.accounts[step.debit_account_id].asset,
        debit_account_id=step.debit_account_id, credit_account_id=step.credit_account_id,
        amount=step.amount, label=step.label, detail=step.detail, created_at=now,
    )  # fmt: skip
    if isinstance(step, PostStep):
        row.reverses_id = step.reverses
    else:
        row.phase = Phase.PENDING
        row.expires_at = None if step.expires_after is None else now + step.expires_after
    return row


def _require_one_asset(books: Books, step: PostStep | HoldStep) -> None:
    if books.accounts[step.debit_account_id].asset != books.accounts[step.credit_account_id].asset:
        raise Invalid("Both sides of a transfer are of the same asset.")


def _take_funds(books: Books, account_id: int, amount: int) -> None:
    left = books.left[account_id]
    if left is None:
        return
    if amount > left:
        raise Conflict(f"Account {account_id} has {left} left, not {amount}.", code="insufficient_funds")
    books.left[account_id] = left - amount


def _take_reversal(books: Books, step: PostStep, original_id: UUID) -> None:
    original = books.named.get(original_id)
    if original is None:
        raise NotFound(f"There is no transfer {original_id}.")
    if original.phase not in MOVING_PHASES:
        raise Conflict(f"Transfer {original_id} moved nothing that could be reversed.", code="nothing_moved")
    turned = (step.credit_account_id, step.debit_account_id)
    if turned != (original.debit_account_id, original.credit_account_id):
        raise Invalid("A reversal runs between the same accounts in the opposite direction.")
    left = books.reversible[original_id]
    if step.amount > left:
        raise Conflict(
            f"Of transfer {original_id}, {left} can still be reversed, not {step.amount}.",
            code="above_original",
        )
    books.reversible[original_id] = left - step.amount


def _posted_from_hold(books: Books, step: PostHeldStep, now: datetime) -> Transfer:
    pending = _open_pending(books, step.pending_id, now)
    if step.amount is not None and step.amount > pending.amount:
        raise Conflict(
            f"Transfer {pending.pk} holds {pending.amount}, not {step.amount}.",
            next_step="Post at most what is held.",
            code="above_hold",
        )
    return resolving(pending, Phase.POST_PENDING, now, amount=step.amount, label=step.label)


def _open_pending(books: Books, pending_id: UUID, now: datetime) -> Transfer:
    """A pending transfer of its own, neither ended nor past its end."""
    pending = books.named.get(pending_id)
    if pending is None or pending.phase != Phase.PENDING or pending.hold_id is not None:
        raise NotFound(f"There is no pending transfer {pending_id}.")
    ended = books.resolved.get(pending_id)
    if ended is not None:
        code = "already_returned" if ended in RETURNING_PHASES else "already_posted"
        raise Conflict(f"Transfer {pending_id} has already ended ({ended}).", code=code)
    if pending.expires_at is not None and pending.expires_at <= now:
        raise Conflict(
            f"Transfer {pending_id} ran out at {pending.expires_at.isoformat()}.",
            next_step="Hold again under a new id.",
            code="transfer_expired",
        )
    return pending
