"""The terms on which one seat takes part: plain numbers, made by the caller, stored with the hold.

Pure values; no database and no decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from accounting.errors import Invalid

LARGEST = 2**63 - 1  # what a BIGINT column can hold


@dataclass(frozen=True, slots=True)
class SeatTerms:
    """`charged_by` "blocks" is the private regime: a whole block stays spent if the hold is lost."""

    label: str
    budget_account_ids: tuple[int, ...]
    earnings_account_id: int
    cap_nano_nats: int
    block_nano_nats: int
    price_micro_usd_per_nat: int
    floor_micro_usd: int
    charged_by: Literal["measured", "blocks"]
    ceiling_micro_usd: int | None = None  # the most that one answer pays this seat; None: no ceiling

    def content(self) -> dict[str, object]:
        """What a repeated request must repeat."""
        return {
            "label": self.label,
            "budgets": sorted(self.budget_account_ids),
            "earnings": self.earnings_account_id,
            "cap": self.cap_nano_nats,
            "block": self.block_nano_nats,
            "price": self.price_micro_usd_per_nat,
            "floor": self.floor_micro_usd,
            "ceiling": self.ceiling_micro_usd,
            "charged_by": self.charged_by,
        }

    @property
    def first_block_nano_nats(self) -> int:
        return min(self.cap_nano_nats, self.block_nano_nats)


def whole(name: str, value: object, *, least: int = 0) -> int:
    """`value` as an exact integer that a row can hold; NaN, fractions and booleans are refused by name."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(f"{name} must be a whole number, not {value!r}.")
    if not least <= value <= LARGEST:
        raise Invalid(f"{name} must lie between {least} and {LARGEST}, not at {value}.")
    return value


def require_valid(terms: Sequence[SeatTerms]) -> None:
    """Refuse terms that no hold could keep, before anything is written."""
    labels = [seat.label for seat in terms]
    if len(set(labels)) != len(labels):
        raise Invalid("Every seat of a hold needs a label of its own.")
    for seat in terms:
        if not seat.label or len(seat.label) > 200:
            raise Invalid("The label of a seat has 1 to 200 characters.")
        if not seat.budget_account_ids or len(set(seat.budget_account_ids)) != len(seat.budget_account_ids):
            raise Invalid(f"Seat {seat.label} needs at least one budget account, each named once.")
        if seat.charged_by not in {"measured", "blocks"}:
            raise Invalid(f"Seat {seat.label} is charged by 'measured' or 'blocks', not {seat.charged_by!r}.")
        whole("cap_nano_nats", seat.cap_nano_nats)
        whole("block_nano_nats", seat.block_nano_nats, least=1)
        whole("price_micro_usd_per_nat", seat.price_micro_usd_per_nat)
        whole("floor_micro_usd", seat.floor_micro_usd)
        if seat.ceiling_micro_usd is not None:
            whole("ceiling_micro_usd", seat.ceiling_micro_usd, least=seat.floor_micro_usd)
