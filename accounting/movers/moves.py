"""What a mover is asked to write, and what it answers. Plain values; no database and no decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from accounting.held import Held
from accounting.settled import Settled
from accounting.terms import SeatTerms


@dataclass(frozen=True, slots=True)
class PlaceHold:
    """Hold the first block of each seat and the money for those who sit."""

    hold_id: UUID
    digest: str
    wallet_id: int
    spend_cap_account_ids: tuple[int, ...]
    seats: tuple[SeatTerms, ...]
    fee_basis_points: int
    max_price_micro_usd: int | None
    detail: Mapping[str, Any]
    now: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class HoldPlaced:
    """`refused` has one element per seat; None when the id was already on record and nothing was written."""

    refused: tuple[bool, ...]
    held_micro_usd: int


@dataclass(frozen=True, slots=True)
class Placing:
    """How one of many went, as the server says it; `refused_at` is the account or price that refused."""

    outcome: str
    refused: tuple[bool, ...]
    quote_micro_usd: int
    refused_at: int | None


@dataclass(frozen=True, slots=True)
class EndHold:
    """Post what was used, give the rest back, keep the receipt, close the hold with these terms."""

    settled: Settled
    placed_on: Held
    digest: str
    state: str
    reason: str
    tokens_drawn: int
    tokens_delivered: int
    jws: str  # the receipt, signed
    shared_nano_nats: int | None
    now: datetime

    @property
    def hold_id(self) -> UUID:
        return self.settled.hold_id


class Ended(StrEnum):
    """How an ending went; all but SETTLED have written nothing."""

    SETTLED = "settled"
    MISSING = "missing"
    BEFORE = "ended"
    MISFIT = "misfit"
    UNPREPARED = "unprepared"
