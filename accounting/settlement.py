"""Ends a hold with what was used: posts it, returns the rest, writes the signed receipt. Step 9 of the way.

Exactly once, whoever calls and however often: the hold is locked, ends once, and a repeated call gets the
first outcome. `expire_due` ends holds whose worker was lost, by the watermark that it had stored (rule 6).
It never decides what was used; it refuses what is above the hold.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError

from accounting import ending, operations, receipts
from accounting.accounts import system_accounts
from accounting.errors import Conflict, DomainError, Invalid
from accounting.models import AccountKind, ChargedBy, Hold, HoldLine, HoldState, Phase, Transfer
from accounting.opened import open_hold
from accounting.pricing import charge_micro_usd, fee_micro_usd
from accounting.settled import Settled, SettledLine, Usage
from accounting.terms import whole
from accounting.writes import durable_write

__all__ = ["Settled", "SettledLine", "Usage", "expire_due", "settle", "settle_lost"]
logger = logging.getLogger(__name__)

ReceiptBody = Callable[[Settled], Mapping[str, Any]]


@durable_write
def settle(
    *,
    hold_id: UUID,
    usage: Sequence[Usage],
    tokens_drawn: int,
    tokens_delivered: int,
    receipt: ReceiptBody,
    now: datetime,
    also: Callable[[Settled], None] | None = None,
) -> Settled:
    """Post what was used and give the rest back. `also` runs inside the transaction, the first time only.

    Where no token was delivered nothing is owed: no charge and no floor price either.
    """
    operation_id = operations.numbered(hold_id, "settle")
    content = {
        "usage": [used.content() for used in sorted(usage, key=lambda used: used.label)],
        "tokens": [tokens_drawn, tokens_delivered],
    }
    outcome = operations.begin(operation_id=operation_id, kind="settle", content=content, now=now)
    if outcome is not None:
        return Settled.from_outcome(outcome)
    hold = open_hold(hold_id)
    _count_tokens(hold, tokens_drawn, tokens_delivered)
    lines = list(hold.lines.order_by("pk"))
    if not tokens_delivered and any(used.charged_nano_nats for used in usage):
        raise Invalid("Nothing can be charged: no token was delivered.")
    settled = _priced(hold, lines, _matched(lines, usage))
    _end(
        hold,
        lines,
        settled,
        receipt=receipt,
        state=HoldState.SETTLED,
        operation_id=operation_id,
        now=now,
    )
    if also is not None:
        also(settled)
    operations.finish(operation_id=operation_id, outcome=settled.outcome())
    return settled


@durable_write
def settle_lost(*, hold_id: UUID, now: datetime, reason: str = "expired", only_expired: bool = False) -> bool:
    """End a hold that nobody will settle, by its watermark. False when it had ended, or must still wait.

    Delivered tokens are paid and what they moved goes to the owners; nats of drawn tokens stay spent, in the
    private regime the whole held blocks, because what was drawn after the watermark is unknown.
    """
    hold = Hold.objects.select_for_update(no_key=True).filter(pk=hold_id, state=HoldState.OPEN).first()
    if hold is None or (only_expired and hold.expires_at > now):
        return False
    lines = list(hold.lines.order_by("pk"))
    operation_id = operations.numbered(hold_id, "expire")
    operations.begin(operation_id=operation_id, kind="expire", content={"hold": str(hold_id)}, now=now)
    usage = {line.pk: _lost_usage(line) for line in lines}
    settled = _priced(hold, lines, usage)
    _end(
        hold,
        lines,
        settled,
        receipt=_lost_body(hold, reason),
        state=HoldState.EXPIRED,
        operation_id=operation_id,
        now=now,
        reason=reason,
    )
    operations.finish(operation_id=operation_id, outcome=settled.outcome())
    return True


def expire_due(*, now: datetime, most: int = 500) -> int:
    """End every hold whose time is over, each in a transaction of its own; says how many it ended."""
    due = Hold.objects.filter(state=HoldState.OPEN, expires_at__lte=now).order_by("expires_at")
    ended = 0
    for hold_id in list(due.values_list("pk", flat=True)[:most]):
        try:
            ended += settle_lost(hold_id=hold_id, now=now, only_expired=True)
        except (DomainError, DatabaseError):
            logger.exception("Hold %s could not be ended; the others go on", hold_id)
    return ended


def _count_tokens(hold: Hold, drawn: int, delivered: int) -> None:
    """The final count of the answer's tokens, never below the watermark."""
    if whole("tokens_delivered", delivered) > whole("tokens_drawn", drawn):
        raise Invalid("More tokens cannot be delivered than were drawn.")
    if drawn < hold.tokens_drawn or delivered < hold.tokens_delivered:
        raise Conflict(
            f"Hold {hold.pk} had already drawn {hold.tokens_drawn} tokens and delivered "
            f"{hold.tokens_delivered} at its watermark.",
            code="below_watermark",
        )
    hold.tokens_drawn, hold.tokens_delivered = drawn, delivered


def _matched(lines: Sequence[HoldLine], usage: Sequence[Usage]) -> dict[int, Usage]:
    by_label = {used.label: used for used in usage}
    if len(by_label) != len(usage) or set(by_label) != {line.label for line in lines}:
        raise Invalid("A settlement names every seat of its hold exactly once.")
    for line in lines:
        _require_within(line, by_label[line.label])
    return {line.pk: by_label[line.label] for line in lines}


def _require_within(line: HoldLine, used: Usage) -> None:
    whole("drawn_nano_nats", used.drawn_nano_nats)
    whole("charged_nano_nats", used.charged_nano_nats)
    if used.charged_nano_nats > used.drawn_nano_nats:
        raise Invalid(f"Seat {line.label} cannot be charged for more than was drawn.")
    if used.drawn_nano_nats > line.held_nano_nats:
        raise Conflict(
            f"Seat {line.label} drew {used.drawn_nano_nats} nano-nats but holds {line.held_nano_nats}.",
            code="above_hold",
        )
    if used.drawn_nano_nats < line.drawn_nano_nats:
        raise Conflict(
            f"Seat {line.label} had already drawn {line.drawn_nano_nats} nano-nats at its watermark.",
            code="below_watermark",
        )


def _lost_usage(line: HoldLine) -> Usage:
    drawn = line.held_nano_nats if line.charged_by == ChargedBy.BLOCKS else line.drawn_nano_nats
    return Usage(label=line.label, drawn_nano_nats=drawn, charged_nano_nats=line.delivered_nano_nats)


def _priced(hold: Hold, lines: Sequence[HoldLine], usage: Mapping[int, Usage]) -> Settled:
    priced = []
    for line in lines:
        used = usage[line.pk]
        charge = charge_micro_usd(used.charged_nano_nats, line.price_micro_usd_per_nat)
        floor = line.floor_micro_usd if hold.tokens_delivered else 0
        priced.append(
            SettledLine(
                label=line.label,
                drawn_nano_nats=used.drawn_nano_nats,
                charged_nano_nats=used.charged_nano_nats,
                charge_micro_usd=charge,
                floor_top_up_micro_usd=max(0, floor - charge),
            )
        )
    fee = fee_micro_usd(sum(line.charge_micro_usd for line in priced), hold.fee_basis_points)
    total = sum(line.paid_micro_usd for line in priced) + fee
    if total > hold.held_micro_usd:
        raise Conflict(f"{total} micro-USD were used but {hold.held_micro_usd} are held.", code="above_hold")
    return Settled(hold.pk, tuple(priced), fee, total, operations.numbered(hold.pk, "receipt"))


def _end(
    hold: Hold,
    lines: Sequence[HoldLine],
    settled: Settled,
    *,
    receipt: ReceiptBody,
    state: HoldState,
    operation_id: UUID,
    now: datetime,
    reason: str = "",
) -> None:
    drawn = {line.pk: done.drawn_nano_nats for line, done in zip(lines, settled.lines, strict=True)}
    returned_as = Phase.EXPIRE if state == HoldState.EXPIRED else Phase.VOID
    ending.resolve(
        hold,
        used_nano_nats=drawn,
        total_micro_usd=settled.total_micro_usd,
        operation_id=operation_id,
        returned_as=returned_as,
        now=now,
    )
    _split(hold, lines, settled, operation_id, now)
    receipts.issue(hold, lines, settled, receipt(settled), now)
    ending.close(hold, state, reason, now)


def _split(
    hold: Hold, lines: Sequence[HoldLine], settled: Settled, operation_id: UUID, now: datetime
) -> None:
    """The money that left the wallet goes on to the owners and the platform; clearing is left at zero."""
    system = system_accounts((AccountKind.CLEARING, AccountKind.PLATFORM_FEE))
    clearing, fee = system[AccountKind.CLEARING], system[AccountKind.PLATFORM_FEE]
    parts = [
        (line.earnings_account_id, done.paid_micro_usd, line)
        for line, done in zip(lines, settled.lines, strict=True)
    ]
    Transfer.objects.bulk_create(
        Transfer(
            id=operations.numbered(operation_id, f"{'fee' if line is None else line.pk}"),
            operation_id=operation_id,
            phase=Phase.POSTED,
            asset="micro_usd",
            debit_account_id=clearing,
            credit_account_id=account_id,
            amount=amount,
            hold=hold,
            line=line,
            label="fee" if line is None else line.label,
            created_at=now,
        )
        for account_id, amount, line in [*parts, (fee, settled.fee_micro_usd, None)]
        if amount > 0
    )


def _lost_body(hold: Hold, reason: str) -> ReceiptBody:
    def body(settled: Settled) -> dict[str, Any]:
        return {
            **hold.detail,
            "ended": reason,
            "tokens_drawn": hold.tokens_drawn,
            "tokens_delivered": hold.tokens_delivered,
            "lines": [line.outcome() for line in settled.lines],
            "fee_micro_usd": settled.fee_micro_usd,
            "charge_micro_usd": settled.total_micro_usd,
        }

    return body
