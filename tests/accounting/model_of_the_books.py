"""What the books must show, in the simplest form: the oracle of the state machine."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from tests.accounting.conftest import NAT


@dataclass
class Seat:
    cap: int
    held: int
    price: int
    floor: int
    blocks: bool
    drawn: int = 0
    delivered: int = 0


@dataclass
class OpenHold:
    hold_id: uuid.UUID
    request: dict
    money: int
    seats: dict[str, Seat]
    expires_at: datetime
    tokens: int = 0


@dataclass
class Model:
    """What the books must show, in the simplest form."""

    wallet: int = 2_000
    spent: dict[str, int] = field(default_factory=lambda: dict.fromkeys("abc", 0))
    limits: dict[str, int | None] = field(default_factory=lambda: dict.fromkeys("abc", 20 * NAT))
    open: list[OpenHold] = field(default_factory=list)
    earned: dict[str, int] = field(default_factory=lambda: dict.fromkeys("abc", 0))

    def held(self, label: str) -> int:
        return sum(hold.seats[label].held for hold in self.open if label in hold.seats)

    def money_left(self) -> int:
        return self.wallet - sum(hold.money for hold in self.open)

    def room(self, label: str) -> float:
        limit = self.limits[label]
        return float("inf") if limit is None else limit - self.spent[label] - self.held(label)

    def end(self, hold: OpenHold, used: dict[str, tuple[int, int]], floors: bool) -> None:
        charges = {name: used[name][1] * seat.price // NAT for name, seat in hold.seats.items()}
        for name, seat in hold.seats.items():
            self.spent[name] += used[name][0]
            self.earned[name] += max(charges[name], seat.floor if floors else 0)
            self.wallet -= max(charges[name], seat.floor if floors else 0)
        self.wallet -= sum(charges.values()) * 500 // 10_000
        self.open.remove(hold)
