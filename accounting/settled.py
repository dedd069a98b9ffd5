"""What goes into a settlement and what comes out: plain values that can be stored and read back."""

from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one seat: nats of all tokens drawn (they stay spent) and of those delivered (they are paid)."""

    label: str
    drawn_nano_nats: int
    charged_nano_nats: int

    def content(self) -> list[object]:
        return [self.label, self.drawn_nano_nats, self.charged_nano_nats]


@dataclass(frozen=True, slots=True)
class SettledLine:
    label: str
    drawn_nano_nats: int
    charged_nano_nats: int
    charge_micro_usd: int
    floor_top_up_micro_usd: int

    @property
    def paid_micro_usd(self) -> int:
        return self.charge_micro_usd + self.floor_top_up_micro_usd

    def outcome(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "drawn_nano_nats": self.drawn_nano_nats,
            "charged_nano_nats": self.charged_nano_nats,
            "charge_micro_usd": self.charge_micro_usd,
            "floor_top_up_micro_usd": self.floor_top_up_micro_usd,
        }


@dataclass(frozen=True, slots=True)
class Settled:
    hold_id: UUID
    lines: tuple[SettledLine, ...]
    fee_micro_usd: int
    total_micro_usd: int
    receipt_id: UUID

    def outcome(self) -> dict[str, Any]:
        return {
            "hold_id": str(self.hold_id),
            "lines": [line.outcome() for line in self.lines],
            "fee_micro_usd": self.fee_micro_usd,
            "total_micro_usd": self.total_micro_usd,
            "receipt_id": str(self.receipt_id),
        }

    @classmethod
    def from_outcome(cls, outcome: dict[str, Any]) -> Self:
        return cls(
            hold_id=UUID(outcome["hold_id"]),
            lines=tuple(SettledLine(**line) for line in outcome["lines"]),
            fee_micro_usd=outcome["fee_micro_usd"],
            total_micro_usd=outcome["total_micro_usd"],
            receipt_id=UUID(outcome["receipt_id"]),
        )
