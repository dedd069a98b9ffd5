"""Owners' earnings on their way out: requested (held), approved or refused, sent, and perhaps come back.

Each step moves the money and the state together. Two requests never hold the same money: the earnings are
locked before their sums are read, and the database refuses what is above them. Who may ask for a step is the
caller's to decide.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from accounting import audit, earned, ledger, operations, transfers
from accounting.accounts import system_accounts
from accounting.errors import Conflict, Invalid, NotFound
from accounting.models import AccountKind, Payout, PayoutState, Phase, Transfer
from accounting.terms import whole
from accounting.transfers import HoldStep, PostHeldStep, PostStep, VoidStep
from accounting.writes import joining_write


@joining_write
def request(
    *,
    operation_id: UUID,
    payee: str,
    account_ids: Collection[int],
    amount_micro_usd: int | None,
    minimum_micro_usd: int,
    acting_user: str,
    now: datetime,
) -> Payout:
    """Hold `amount_micro_usd` (None: all that is available) of these earnings until somebody decides."""
    if amount_micro_usd is not None:
        _require_minimum(whole("amount_micro_usd", amount_micro_usd, least=1), minimum_micro_usd)
    content = {"payee": payee, "amount": amount_micro_usd}
    outcome = operations.begin(operation_id=operation_id, kind="payout_request", content=content, now=now)
    if outcome is not None:
        return Payout.objects.get(pk=outcome["payout"])
    ledger.lock(account_ids)
    amount = _affordable(amount_micro_usd, minimum_micro_usd, earned.together(account_ids).available)
    payout_id = operations.numbered(operation_id, "payout")
    holds_id = operations.numbered(operation_id, "holds")
    steps = _holds(payout_id, account_ids, amount)
    transfers.linked(operation_id=holds_id, steps=steps, now=now, kind="payout_hold")
    payout = Payout.objects.create(
        id=payout_id, payee=payee, amount_micro_usd=amount, operation_id=holds_id,
        requested_by=acting_user, requested_at=now,
    )  # fmt: skip
    _note(payout, "payout.requested", acting_user, None, now)
    operations.finish(operation_id=operation_id, outcome={"payout": str(payout_id)})
    return payout


@joining_write
def cancel(*, payout_id: UUID, acting_user: str, now: datetime) -> Payout:
    """The owner takes the request back before it is decided."""
    return _move(payout_id, PayoutState.CANCELLED, {}, acting_user, now)


@joining_write
def approve(*, payout_id: UUID, acting_user: str, now: datetime) -> Payout:
    """Post what is held; refused where a refund has meanwhile taken the earnings that it rested on."""
    decided = {"decided_by": acting_user, "decided_at": now}
    return _move(payout_id, PayoutState.APPROVED, decided, acting_user, now)


@joining_write
def refuse(*, payout_id: UUID, reason: str, acting_user: str, now: datetime) -> Payout:
    decided = {"decided_by": acting_user, "decided_at": now, "reason": _required("reason", reason, 300)}
    return _move(payout_id, PayoutState.REFUSED, decided, acting_user, now)


@joining_write
def mark_paid(*, payout_id: UUID, external_reference: str, acting_user: str, now: datetime) -> Payout:
    """The money has left the market, under a reference that the owner can find in their own bank."""
    reference = _required("external_reference", external_reference, 200)
    changes = {"paid_at": now, "external_reference": reference}
    return _move(payout_id, PayoutState.PAID, changes, acting_user, now)


@joining_write
def mark_returned(*, payout_id: UUID, reason: str, acting_user: str, now: datetime) -> Payout:
    """It could not be sent, or was sent back: reversing transfers put it into the earnings again."""
    changes = {"reason": _required("reason", reason, 300)}
    return _move(payout_id, PayoutState.RETURNED, changes, acting_user, now)


_FROM: dict[str, tuple[PayoutState, ...]] = {
    PayoutState.CANCELLED: (PayoutState.REQUESTED,),
    PayoutState.APPROVED: (PayoutState.REQUESTED,),
    PayoutState.REFUSED: (PayoutState.REQUESTED,),
    PayoutState.PAID: (PayoutState.APPROVED,),
    PayoutState.RETURNED: (PayoutState.APPROVED, PayoutState.PAID),
}


def _move(
    payout_id: UUID, state: PayoutState, changes: Mapping[str, Any], acting_user: str, now: datetime
) -> Payout:
    """Money first, then the state that the database compares with it. The same step again changes nothing."""
    operation_id = operations.numbered(payout_id, state.value)
    said = {name: changes[name] for name in ("reason", "external_reference") if name in changes}
    if (
        operations.begin(operation_id=operation_id, kind=f"payout_{state.value}", content=said, now=now)
        is not None
    ):
        return Payout.objects.get(pk=payout_id)
    payout = Payout.objects.select_for_update(no_key=True).filter(pk=payout_id).first()
    if payout is None:
        raise NotFound(f"There is no payout {payout_id}.")
    if payout.state not in _FROM[state]:
        raise Conflict(
            f"This payout is already {payout.get_state_display()}.",
            next_step="Look at its present state before you decide again.",
            code="payout_decided",
            state=payout.state,
        )
    before = payout.state
    changes = {**changes, **_moved(payout, state, operation_id, now)}
    Payout.objects.filter(pk=payout_id, state=before).update(state=state, **changes)
    payout.refresh_from_db()
    operations.finish(operation_id=operation_id, outcome={"state": state})
    _note(payout, f"payout.{state}", acting_user, before, now)
    return payout


def _moved(payout: Payout, state: PayoutState, operation_id: UUID, now: datetime) -> dict[str, Any]:
    """The transfers of one step, linked; what the payout's row has to name of them."""
    held = list(Transfer.objects.filter(operation=payout.operation_id, phase=Phase.PENDING).order_by("pk"))
    steps: list[transfers.Step] = []
    if state == PayoutState.APPROVED:
        _require_earned(held)
        steps = [PostHeldStep(one.pk) for one in held]
    elif state in {PayoutState.REFUSED, PayoutState.CANCELLED}:
        steps = [VoidStep(one.pk) for one in held]
    elif state == PayoutState.PAID:
        steps = [_sending(payout)]
    else:
        posted = Transfer.objects.filter(pending__in=held).order_by("pk")
        sent = [payout.sent] if payout.sent else []
        steps = [_back(one, payout) for one in (*sent, *posted)]
    written = transfers.linked(
        operation_id=operations.numbered(operation_id, "transfers"), steps=steps, now=now, kind="payout_move"
    )
    return {"sent_id": written[0]} if state == PayoutState.PAID else {}


def _sending(payout: Payout) -> PostStep:
    system = system_accounts((AccountKind.PAYOUTS, AccountKind.FUNDING))
    out, outside = system[AccountKind.PAYOUTS], system[AccountKind.FUNDING]
    return PostStep(out, outside, payout.amount_micro_usd, "payout sent", {"payout": str(payout.pk)})


def _back(original: Transfer, payout: Payout) -> PostStep:
    return PostStep(
        original.credit_account_id, original.debit_account_id, original.amount, "payout returned",
        {"payout": str(payout.pk)}, reverses=original.pk,
    )  # fmt: skip


def _holds(payout_id: UUID, account_ids: Collection[int], amount: int) -> list[transfers.Step]:
    """From one account after the other, each as far as it reaches."""
    out = system_accounts((AccountKind.PAYOUTS,))[AccountKind.PAYOUTS]
    steps: list[transfers.Step] = []
    for account_id, standing in earned.standings(account_ids).items():
        part = min(amount, standing.available)
        if part:
            steps.append(HoldStep(account_id, out, part, None, "payout", {"payout": str(payout_id)}))
            amount -= part
    return steps


def _affordable(wanted: int | None, minimum: int, available: int) -> int:
    if wanted is not None and wanted > available:
        raise Conflict(
            f"{available} micro-USD of earnings are available, not {wanted}.",
            next_step="Ask for less, or wait for what is held.",
            code="insufficient_earnings",
            available_micro_usd=available,
        )
    amount = available if wanted is None else wanted
    _require_minimum(amount, minimum)
    return amount


def _require_minimum(amount: int, minimum: int) -> None:
    if amount < max(1, minimum):
        raise Invalid(
            f"A payout is at least {minimum} micro-USD; this would be {amount}.",
            next_step="Wait until more is earned.",
            code="below_payout_minimum",
            minimum_micro_usd=minimum,
        )


def _require_earned(held: Collection[Transfer]) -> None:
    account_ids = {one.debit_account_id for one in held}
    ledger.lock(account_ids)
    if any(one.balance < one.held for one in earned.standings(account_ids).values()):
        raise Conflict(
            "A refund has taken earnings that this payout rested on.",
            next_step="Refuse it; the owner can ask for what is left.",
            code="earnings_refunded",
        )


def _required(name: str, text: str, most: int) -> str:
    if not text.strip() or len(text) > most:
        raise Invalid(f"{name} has 1 to {most} characters.", param=name)
    return text.strip()


def _note(payout: Payout, action: str, acting_user: str, before: str | None, now: datetime) -> None:
    after = {"state": payout.state, "amount_micro_usd": payout.amount_micro_usd}
    said = {"reason": payout.reason, "external_reference": payout.external_reference}
    audit.record(
        acting_user=acting_user, action=action, subject=f"payout:{payout.pk}",
        before=None if before is None else {"state": before},
        after=after | {name: value for name, value in said.items() if value},
        organisation_slug=payout.payee, now=now,
    )  # fmt: skip
