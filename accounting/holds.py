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

from django.db import IntegrityError

from accounting import barrier, operations
from accounting.errors import Conflict, Invalid
from accounting.held import Held
from accounting.ledger import available, lock
from accounting.models import Hold, HoldLine, HoldState
from accounting.movers import crowd, mover, rows, server
from accounting.movers.moves import HoldPlaced, PlaceHold
from accounting.opened import line_of, open_hold
from accounting.settlement import expire_due
from accounting.terms import SeatTerms, require_valid, whole
from accounting.writes import durable_write, early_release, retried

__all__ = ["Placed", "SeatTerms", "expire_due", "place", "record_progress", "top_up", "void"]


@dataclass(frozen=True, slots=True)
class Placed:
    """Who sits on which terms, and who was left out because a budget refused."""

    held: Held
    refused: tuple[str, ...]

    @property
    def hold_id(self) -> UUID:
        return self.held.hold_id

    @property
    def seated(self) -> tuple[str, ...]:
        return tuple(seat.label for seat in self.held.seats)

    @property
    def held_micro_usd(self) -> int:
        return self.held.held_micro_usd


def place(
    *,
    hold_id: UUID,
    wallet_id: int,
    spend_cap_account_ids: Sequence[int],
    terms: Sequence[SeatTerms],
    fee_basis_points: int,
    max_price_micro_usd: int | None,
    expires_at: datetime,
    now: datetime,
    detail: Mapping[str, Any],
) -> Placed:
    """Hold the money for the seated sources and the first block of each; safe to repeat with the same id.

    The hold is in place when this returns; wait at `barrier.hold_is_durable` before a token leaves.
    """
    require_valid(terms)
    whole("fee_basis_points", fee_basis_points)
    if expires_at <= now:
        raise Invalid("A hold must expire after it is placed.")
    move = PlaceHold(
        hold_id=hold_id,
        digest=operations.digest_of(
            {
                "wallet": wallet_id,
                "spend_caps": sorted(spend_cap_account_ids),
                "terms": [seat.content() for seat in terms],
                "fee": fee_basis_points,
                "max_price": max_price_micro_usd,
                "detail": dict(detail),
            }
        ),
        wallet_id=wallet_id,
        spend_cap_account_ids=tuple(sorted(spend_cap_account_ids)),
        seats=tuple(terms),
        fee_basis_points=fee_basis_points,
        max_price_micro_usd=max_price_micro_usd,
        detail=detail,
        now=now,
        expires_at=expires_at,
    )
    done = _write(move)
    if done is None:
        done = _first_outcome(move)
    seated = tuple(seat for seat, out in zip(terms, done.refused, strict=True) if not out)
    held = Held(hold_id, wallet_id, move.spend_cap_account_ids, seated, fee_basis_points, done.held_micro_usd)
    return Placed(held, tuple(seat.label for seat, out in zip(terms, done.refused, strict=True) if out))


def _write(move: PlaceHold) -> HoldPlaced | None:
    return crowd.place(move) if mover() is server else _write_rows(move)


def _write_rows(move: PlaceHold) -> HoldPlaced | None:
    try:
        return _place_rows(move)
    except IntegrityError:
        if Hold.objects.filter(pk=move.hold_id).exists():  # another call with the same id won the race
            return None
        raise


@durable_write
def _place_rows(move: PlaceHold) -> HoldPlaced | None:
    return rows.place(move)


def _first_outcome(move: PlaceHold) -> HoldPlaced:
    """What the first call with this id was told (rule 4)."""
    hold = Hold.objects.get(pk=move.hold_id)
    if hold.digest != move.digest:
        raise operations.used_otherwise(move.hold_id)
    return HoldPlaced(tuple(seat.label in hold.refused for seat in move.seats), hold.held_micro_usd)


def top_up(*, hold_id: UUID, label: str, nano_nats: int, now: datetime) -> bool:  # noqa: ARG001 (one signature)
    """Hold one more block for a seat. False, and nothing changed, when its cap or a budget refuses."""
    whole("nano_nats", nano_nats, least=1)
    held = _hold_more(hold_id, label, nano_nats)
    if held:
        barrier.hold_is_durable(hold_id)
    return held


@retried
def _hold_more(hold_id: UUID, label: str, nano_nats: int) -> bool:
    with early_release():
        line = line_of(open_hold(hold_id), label)
        if line.held_nano_nats + nano_nats > line.cap_nano_nats:
            return False
        left = [available(account) for account in lock(line.budget_account_ids).values()]
        if any(rest is not None and rest < nano_nats for rest in left):
            return False
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
    _lock_what_it_holds(hold)
    hold.state, hold.reason, hold.ended_at = HoldState.VOIDED, reason[:200], now
    hold.save(update_fields=["state", "reason", "ended_at"])


def _lock_what_it_holds(hold: Hold) -> None:
    """In the order of all writers, before the database gives back what was held on them."""
    budgets = {account_id for line in hold.lines.all() for account_id in line.budget_account_ids}
    lock({hold.wallet_id, *hold.spend_cap_account_ids, *budgets})
