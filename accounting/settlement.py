"""Ends a hold with what was used: posts it, returns the rest, writes the signed receipt. Step 9 of the way.

Exactly once, whoever calls and however often: a hold ends once, and a repeated call gets the first outcome.
What this returns is on disk. `expire_due` ends holds whose worker was lost, by the watermark that it had
stored (rule 6). It never decides what was used; it refuses what is above the hold.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError

from accounting import barrier, held, operations, shared_influence, signing
from accounting.errors import Conflict, DomainError, Invalid
from accounting.held import Held
from accounting.models import ChargedBy, Hold, HoldLine, HoldState, Receipt
from accounting.movers import crowd, mover, server
from accounting.movers.moves import Ended, EndHold
from accounting.opened import has_ended, open_hold
from accounting.pricing import charge_micro_usd, fee_micro_usd, floor_top_up_micro_usd
from accounting.settled import Settled, SettledLine, Usage
from accounting.stamping import stamped
from accounting.terms import whole
from accounting.writes import durable_write, early_release, retried

__all__ = ["Settled", "SettledLine", "Usage", "expire_due", "settle", "settle_lost"]
logger = logging.getLogger(__name__)

ReceiptBody = Callable[[Settled], Mapping[str, Any]]
Also = Callable[[Settled], None]


def settle(
    *,
    hold_id: UUID,
    usage: Sequence[Usage],
    tokens_drawn: int,
    tokens_delivered: int,
    receipt: ReceiptBody,
    now: datetime,
    also: Also | None = None,
    placed_on: Held | None = None,
) -> Settled:
    """Post what was used and give the rest back. `also` runs inside the transaction, the first time only.

    Where no token was delivered nothing is owed: no charge and no floor price either. `placed_on` spares
    reading the terms again for whoever still has them.
    """
    _require_counts(usage, tokens_drawn, tokens_delivered)
    terms = placed_on or held.read(hold_id)
    settled = _priced(terms, _matched(terms, usage), tokens_delivered)
    body = stamped(receipt(settled), settled, terms, now)
    move = EndHold(
        settled=settled,
        placed_on=terms,
        digest=_digest(usage, tokens_drawn, tokens_delivered),
        state=HoldState.SETTLED,
        reason="",
        tokens_drawn=tokens_drawn,
        tokens_delivered=tokens_delivered,
        jws=signing.sign(body, kind=signing.RECEIPT),
        shared_nano_nats=shared_influence.nano_nats_of(body),
        now=now,
    )
    ended = crowd.settle(move) if also is None and mover() is server else _end_with(move, also)
    if ended == Ended.SETTLED:
        return settled
    if ended == Ended.BEFORE:
        return _first_outcome(move)
    raise _misfit(move)


def _end_with(move: EndHold, also: Also | None) -> Ended:
    """In a transaction of its own, for what comes along with it."""
    ended = _end_rows(move, also)
    if ended == Ended.SETTLED:
        barrier.settlement_is_durable(move.settled.hold_id)
    return ended


@retried
def _end_rows(move: EndHold, also: Also | None) -> Ended:
    with early_release():
        ended: Ended = mover().settle(move)
        if ended == Ended.SETTLED and also is not None:
            also(move.settled)
        return ended


def settle_lost(*, hold_id: UUID, now: datetime, reason: str = "expired", only_expired: bool = False) -> bool:
    """End a hold that nobody will settle, by its watermark. False when it had ended, or must still wait.

    Delivered tokens are paid and what they moved goes to the owners; nats of drawn tokens stay spent, in the
    private regime the whole held blocks, because what was drawn after the watermark is unknown.
    """
    ended = _end_lost(hold_id, now, reason, only_expired=only_expired)
    if ended:
        barrier.settlement_is_durable(hold_id)
    return ended


@durable_write
def _end_lost(hold_id: UUID, now: datetime, reason: str, *, only_expired: bool) -> bool:
    hold = Hold.objects.select_for_update(no_key=True).filter(pk=hold_id, state=HoldState.OPEN).first()
    if hold is None or (only_expired and hold.expires_at > now):
        return False
    lines = list(hold.lines.order_by("pk"))
    terms = held.of(hold, lines)
    usage = [_lost_usage(line) for line in lines]
    settled = _priced(terms, _matched(terms, usage), hold.tokens_delivered)
    body = stamped(_lost_body(hold, settled, reason), settled, terms, now)
    move = EndHold(
        settled=settled,
        placed_on=terms,
        digest=_digest(usage, hold.tokens_drawn, hold.tokens_delivered),
        state=HoldState.EXPIRED,
        reason=reason[:200],
        tokens_drawn=hold.tokens_drawn,
        tokens_delivered=hold.tokens_delivered,
        jws=signing.sign(body, kind=signing.RECEIPT),
        shared_nano_nats=shared_influence.nano_nats_of(body),
        now=now,
    )
    if mover().settle(move) != Ended.SETTLED:
        raise Conflict(f"Hold {hold_id} does not end with its own watermark.")
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


def _require_counts(usage: Sequence[Usage], drawn: int, delivered: int) -> None:
    if whole("tokens_delivered", delivered) > whole("tokens_drawn", drawn):
        raise Invalid("More tokens cannot be delivered than were drawn.")
    for used in usage:
        whole("drawn_nano_nats", used.drawn_nano_nats)
        whole("charged_nano_nats", used.charged_nano_nats)
        if used.charged_nano_nats > used.drawn_nano_nats:
            raise Invalid(f"Seat {used.label} cannot be charged for more than was drawn.")
    if not delivered and any(used.charged_nano_nats for used in usage):
        raise Invalid("Nothing can be charged: no token was delivered.")


def _digest(usage: Sequence[Usage], drawn: int, delivered: int) -> str:
    used = [one.content() for one in sorted(usage, key=lambda used: used.label)]
    return operations.digest_of({"usage": used, "tokens": [drawn, delivered]})


def _matched(terms: Held, usage: Sequence[Usage]) -> list[Usage]:
    """The usage in the order of the seats."""
    by_label = {used.label: used for used in usage}
    if len(by_label) != len(usage) or set(by_label) != {seat.label for seat in terms.seats}:
        raise Invalid("A settlement names every seat of its hold exactly once.")
    return [by_label[seat.label] for seat in terms.seats]


def _priced(terms: Held, usage: Sequence[Usage], tokens_delivered: int) -> Settled:
    priced = []
    for seat, used in zip(terms.seats, usage, strict=True):
        charge = charge_micro_usd(seat, used.charged_nano_nats)
        priced.append(
            SettledLine(
                label=used.label,
                drawn_nano_nats=used.drawn_nano_nats,
                charged_nano_nats=used.charged_nano_nats,
                charge_micro_usd=charge,
                floor_top_up_micro_usd=floor_top_up_micro_usd(seat, charge, tokens_delivered),
            )
        )
    fee = fee_micro_usd(sum(line.charge_micro_usd for line in priced), terms.fee_basis_points)
    total = sum(line.paid_micro_usd for line in priced) + fee
    return Settled(terms.hold_id, tuple(priced), fee, total, operations.numbered(terms.hold_id, "receipt"))


def _lost_usage(line: HoldLine) -> Usage:
    drawn = line.held_nano_nats if line.charged_by == ChargedBy.BLOCKS else line.drawn_nano_nats
    return Usage(label=line.label, drawn_nano_nats=drawn, charged_nano_nats=line.delivered_nano_nats)


def _lost_body(hold: Hold, settled: Settled, reason: str) -> dict[str, Any]:
    return {
        **hold.detail,
        "ended": reason,
        "tokens_drawn": hold.tokens_drawn,
        "tokens_delivered": hold.tokens_delivered,
        "lines": [line.outcome() for line in settled.lines],
        "charge_micro_usd": settled.total_micro_usd,
    }


def _first_outcome(move: EndHold) -> Settled:
    """What the first settlement was told; another content, or another end, is a conflict (rule 4)."""
    hold = Hold.objects.get(pk=move.settled.hold_id)
    if hold.state != HoldState.SETTLED:
        raise has_ended(hold)
    if hold.settlement_digest != move.digest:
        raise operations.used_otherwise(hold.pk)
    receipt = Receipt.objects.get(hold=hold)
    barrier.settlement_is_durable(hold.pk)
    lines = tuple(
        SettledLine(
            label=line.label,
            drawn_nano_nats=line.drawn_nano_nats,
            charged_nano_nats=line.nano_nats,
            charge_micro_usd=line.charge_micro_usd,
            floor_top_up_micro_usd=line.floor_top_up_micro_usd,
        )
        for line in receipt.lines.order_by("pk")
    )
    return Settled(hold.pk, lines, receipt.fee_micro_usd, receipt.total_micro_usd, receipt.pk)


def _misfit(move: EndHold) -> DomainError:
    """Why a settlement does not fit its hold."""
    settled = move.settled
    with early_release():
        hold = open_hold(settled.hold_id)
        if move.tokens_drawn < hold.tokens_drawn or move.tokens_delivered < hold.tokens_delivered:
            return Conflict(
                f"Hold {hold.pk} had already drawn {hold.tokens_drawn} tokens and delivered "
                f"{hold.tokens_delivered} at its watermark.",
                code="below_watermark",
            )
        lines = {line.label: line for line in hold.lines.all()}
        for done in settled.lines:
            _require_within(lines[done.label], done)
        return Conflict(
            f"{settled.total_micro_usd} micro-USD were used but {hold.held_micro_usd} are held.",
            code="above_hold",
        )


def _require_within(line: HoldLine, used: SettledLine) -> None:
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
