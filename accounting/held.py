"""The terms that a hold was placed on, as plain values: from the caller that placed it, or read back.

Whoever settles prices by these. Reads only; it must not decide anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast
from uuid import UUID

from accounting.errors import NotFound
from accounting.models import Hold, HoldLine
from accounting.terms import SeatTerms


@dataclass(frozen=True, slots=True)
class Held:
    """Who sits on which terms, and the money that is held for them."""

    hold_id: UUID
    wallet_id: int
    spend_cap_account_ids: tuple[int, ...]  # ascending
    seats: tuple[SeatTerms, ...]
    fee_basis_points: int
    held_micro_usd: int


def read(hold_id: UUID) -> Held:
    hold = Hold.objects.filter(pk=hold_id).first()
    if hold is None:
        raise NotFound(f"There is no hold {hold_id}.")
    return of(hold, list(hold.lines.order_by("pk")))


def of(hold: Hold, lines: Sequence[HoldLine]) -> Held:
    return Held(
        hold_id=hold.pk,
        wallet_id=hold.wallet_id,
        spend_cap_account_ids=tuple(hold.spend_cap_account_ids),
        seats=tuple(_seat(line) for line in lines),
        fee_basis_points=hold.fee_basis_points,
        held_micro_usd=hold.held_micro_usd,
    )


def _seat(line: HoldLine) -> SeatTerms:
    return SeatTerms(
        label=line.label,
        budget_account_ids=tuple(line.budget_account_ids),
        earnings_account_id=line.earnings_account_id,
        cap_nano_nats=line.cap_nano_nats,
        block_nano_nats=line.held_nano_nats,
        price_micro_usd_per_nat=line.price_micro_usd_per_nat,
        floor_micro_usd=line.floor_micro_usd,
        ceiling_micro_usd=line.ceiling_micro_usd,
        charged_by=cast("Literal['measured', 'blocks']", line.charged_by),
    )
