"""Reserves what an answer may use, before its first token: money once, nats in blocks. Step 6 of the way.

`place` decides who is seated: a source whose budget refuses is left out, refused money stops everything and
keeps nothing. `top_up` adds a block in mid-answer, `record_progress` stores the watermark that a lost hold is
settled by, `void` gives everything back before anything was drawn. Settling is settlement's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounting import ending, operations, seating
from accounting.accounts import system_accounts
from accounting.errors import Conflict, Invalid
from accounting.ledger import available, lock
from accounting.models import AccountKind, ChargedBy, Hold, HoldLine, HoldState, Phase, Transfer
from accounting.opened import line_of, open_hold
from accounting.settlement import expire_due
from accounting.terms import SeatTerms, require_valid, whole
from accounting.writes import durable_write

__all__ = ["Placed", "SeatTerms", "expire_due", "place", "record_progress", "top_up", "void"]


@dataclass(frozen=True, slots=True)
class Placed:
    """Who sits, who was left out because a budget refused, and the money that is held."""

    hold_id: UUID
    seated: tuple[str, ...]
    refused: tuple[str, ...]
    held_micro_usd: int


@durable_write
def place(
    *,
    hold_id: UUID,
    wallet_id: int,
    spend_cap_account_id: int | None,
    terms: Sequence[SeatTerms],
    fee_basis_points: int,
    max_price_micro_usd: int | None,
    expires_at: datetime,
    now: datetime,
    detail: Mapping[str, Any],
) -> Placed:
    """Hold the money for the seated sources and the first block of each; safe to repeat with the same id."""
    require_valid(terms)
    whole("fee_basis_points", fee_basis_points)
    if expires_at <= now:
        raise Invalid("A hold must expire after it is placed.")
    content = {
        "wallet": wallet_id,
        "spend_cap": spend_cap_account_id,
        "terms": [seat.content() for seat in terms],
        "fee": fee_basis_points,
        "max_price": max_price_micro_usd,
        "detail": dict(detail),
    }
    hold = Hold(
        id=hold_id,
        wallet_id=wallet_id,
        spend_cap_id=spend_cap_account_id,
        fee_basis_points=fee_basis_points,
        detail=dict(detail),
        created_at=now,
        expires_at=expires_at,
    )
    outcome = operations.begin(operation_id=hold_id, kind="place", content=content, now=now)
    if outcome is None:
        outcome = _placed(hold, terms, max_price_micro_usd)
        operations.finish(operation_id=hold_id, outcome=outcome)
    return Placed(hold_id, tuple(outcome["seated"]), tuple(outcome["refused"]), outcome["held"])


def _placed(hold: Hold, terms: Sequence[SeatTerms], max_price_micro_usd: int | None) -> operations.Outcome:
    seats = seating.decide(
        wallet_id=hold.wallet_id,
        spend_cap_account_id=hold.spend_cap_id,
        terms=terms,
        fee_basis_points=hold.fee_basis_points,
        max_price_micro_usd=max_price_micro_usd,
    )
    _write_hold(hold, seats)
    return {
        "seated": [seat.label for seat in seats.seated],
        "refused": [seat.label for seat in seats.refused],
        "held": seats.quote.total,
    }


def _write_hold(hold: Hold, seats: seating.Seats) -> None:
    hold.held_micro_usd = seats.quote.total
    hold.save(force_insert=True)
    lines = HoldLine.objects.bulk_create([_line(hold, seat) for seat in seats.seated])
    system = system_accounts((AccountKind.CLEARING, AccountKind.INFLUENCE_SPENT, AccountKind.SPEND_CAP_USED))
    pending = []
    if hold.held_micro_usd > 0:
        amount = hold.held_micro_usd
        sides = (hold.wallet_id, system[AccountKind.CLEARING])
        pending.append(_pending(hold, "money", sides, amount))
        if hold.spend_cap_id is not None:
            sides = (hold.spend_cap_id, system[AccountKind.SPEND_CAP_USED])
            pending.append(_pending(hold, "cap", sides, amount))
    for line in lines:
        pending += _block(hold, line, system[AccountKind.INFLUENCE_SPENT], 0, line.held_nano_nats)
    Transfer.objects.bulk_create(pending)


def _line(hold: Hold, seat: SeatTerms) -> HoldLine:
    return HoldLine(
        hold=hold,
        label=seat.label,
        earnings_account_id=seat.earnings_account_id,
        budget_account_ids=sorted(seat.budget_account_ids),
        cap_nano_nats=seat.cap_nano_nats,
        price_micro_usd_per_nat=seat.price_micro_usd_per_nat,
        floor_micro_usd=seat.floor_micro_usd,
        charged_by=ChargedBy(seat.charged_by),
        held_nano_nats=seat.first_block_nano_nats,
    )


def _block(hold: Hold, line: HoldLine, spent_id: int, held_before: int, amount: int) -> list[Transfer]:
    return [
        _pending(hold, f"{line.label}:{held_before}:{account_id}", (account_id, spent_id), amount, line)
        for account_id in line.budget_account_ids
    ]


def _pending(
    hold: Hold, name: str, sides: tuple[int, int], amount: int, line: HoldLine | None = None
) -> Transfer:
    return Transfer(
        id=operations.numbered(hold.pk, name),
        operation_id=hold.pk,
        phase=Phase.PENDING,
        asset="micro_usd" if line is None else "nano_nat",
        debit_account_id=sides[0],
        credit_account_id=sides[1],
        amount=amount,
        hold=hold,
        line=line,
        label="" if line is None else line.label,
        created_at=hold.created_at,
    )


@durable_write
def top_up(*, hold_id: UUID, label: str, nano_nats: int, now: datetime) -> bool:
    """Hold one more block for a seat. False, and nothing changed, when its cap or a budget refuses."""
    whole("nano_nats", nano_nats, least=1)
    hold = open_hold(hold_id)
    line = line_of(hold, label)
    if line.held_nano_nats + nano_nats > line.cap_nano_nats:
        return False
    left = [available(account) for account in lock(line.budget_account_ids).values()]
    if any(rest is not None and rest < nano_nats for rest in left):
        return False
    spent = system_accounts((AccountKind.INFLUENCE_SPENT,))[AccountKind.INFLUENCE_SPENT]
    blocks = _block(hold, line, spent, line.held_nano_nats, nano_nats)
    for block in blocks:
        block.created_at = now
    Transfer.objects.bulk_create(blocks)
    HoldLine.objects.filter(pk=line.pk).update(held_nano_nats=line.held_nano_nats + nano_nats)
    return True


@durable_write
def record_progress(
    *,
    hold_id: UUID,
    tokens_drawn: int,
    tokens_delivered: int,
    drawn_nano_nats: Mapping[str, int],
    delivered_nano_nats: Mapping[str, int],
    now: datetime,
    extend_to: datetime | None = None,
) -> None:
    """Store how far the answer is. Numbers are totals since its start; an older watermark changes nothing."""
    hold = open_hold(hold_id)
    if tokens_delivered > max(tokens_drawn, hold.tokens_drawn):
        raise Invalid("More tokens cannot be delivered than were drawn.")
    hold.tokens_drawn = max(hold.tokens_drawn, whole("tokens_drawn", tokens_drawn))
    hold.tokens_delivered = max(hold.tokens_delivered, whole("tokens_delivered", tokens_delivered))
    hold.expires_at = max(hold.expires_at, extend_to or now)
    hold.save(update_fields=["tokens_drawn", "tokens_delivered", "expires_at"])
    lines = {line.label: line for line in hold.lines.all()}
    for label in {**drawn_nano_nats, **delivered_nano_nats}:
        if label not in lines:
            raise Invalid(f"Hold {hold_id} has no seat {label}.")
        _advance(lines[label], drawn_nano_nats.get(label, 0), delivered_nano_nats.get(label, 0))
    HoldLine.objects.bulk_update(list(lines.values()), ["drawn_nano_nats", "delivered_nano_nats"])


def _advance(line: HoldLine, drawn: int, delivered: int) -> None:
    line.drawn_nano_nats = max(line.drawn_nano_nats, whole("drawn_nano_nats", drawn))
    line.delivered_nano_nats = max(line.delivered_nano_nats, whole("delivered_nano_nats", delivered))
    if line.drawn_nano_nats > line.held_nano_nats:
        raise Conflict(
            f"Seat {line.label} drew {line.drawn_nano_nats} nano-nats but holds {line.held_nano_nats}.",
            next_step="Top the seat up before drawing, and drop it when the top-up is refused.",
            code="above_hold",
        )
    if line.delivered_nano_nats > line.drawn_nano_nats:
        raise Invalid(f"Seat {line.label} cannot have delivered more than was drawn.")


@durable_write
def void(*, hold_id: UUID, reason: str, now: datetime) -> None:
    """Give everything back, when no token was drawn; voiding twice is the same as once."""
    hold = open_hold(hold_id, or_in=HoldState.VOIDED)
    if hold.state == HoldState.VOIDED:
        return
    if hold.tokens_drawn > 0:
        raise Conflict(
            f"Hold {hold_id} has drawn {hold.tokens_drawn} tokens, which stay spent.",
            next_step="Settle it with what was drawn and delivered.",
            code="tokens_drawn",
        )
    operation_id = operations.numbered(hold_id, "void")
    operations.begin(operation_id=operation_id, kind="void", content={"hold": str(hold_id)}, now=now)
    ending.give_back_everything(hold, operation_id, now)
    ending.close(hold, HoldState.VOIDED, reason, now)
    operations.finish(operation_id=operation_id, outcome={"reason": reason})
