"""What the books must show, worked out by hand: plain numbers, no database, nothing of the product imported.

It is the oracle of the proofs: slow, simple, and written from DESIGN's rules rather than from the code.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from math import ceil, floor

NAT = 10**9


def rounded_up(nano_nats: int, price: int) -> int:
    return ceil(Fraction(nano_nats * price, NAT))


def rounded_down(nano_nats: int, price: int) -> int:
    return floor(Fraction(nano_nats * price, NAT))


def fee_of(charges: int, basis_points: int) -> int:
    return floor(Fraction(charges * basis_points, 10_000))


@dataclass
class Seat:
    budgets: tuple[str, ...]
    cap: int
    held: int
    price: int
    floor: int
    blocks: bool
    ceiling: int | None = None
    drawn: int = 0
    delivered: int = 0

    def charge(self, nano_nats: int) -> int:
        return self._below_ceiling(rounded_down(nano_nats, self.price))

    def quote(self) -> int:
        return self._below_ceiling(rounded_up(self.cap, self.price))

    def _below_ceiling(self, money: int) -> int:
        return money if self.ceiling is None else min(money, self.ceiling)

    def lost(self) -> tuple[int, int]:
        """Drawn and charged when nobody settles: the watermark, in the private regime whole blocks."""
        return (self.held if self.blocks else self.drawn, self.delivered)


@dataclass
class Held:
    """One open hold."""

    hold_id: uuid.UUID
    wallet: str
    caps: tuple[str, ...]
    money: int
    fee_points: int
    seats: dict[str, Seat]
    expires_at: datetime
    tokens_drawn: int = 0
    tokens_delivered: int = 0


@dataclass
class Model:
    """`limits` are of budgets and spend caps together, None is no limit; what is spent never comes back."""

    wallets: dict[str, int]
    limits: dict[str, int | None]
    earned: dict[str, int]
    spent: dict[str, int] = field(default_factory=dict)
    fees: int = 0
    funded: int = 0
    receipts: int = 0
    paid: int = 0
    open: list[Held] = field(default_factory=list)
    general: dict[uuid.UUID, tuple[str, int]] = field(default_factory=dict)  # held for no answer
    ended: list[Held] = field(default_factory=list)

    def money_held(self, wallet: str) -> int:
        general = sum(amount for name, amount in self.general.values() if name == wallet)
        return general + sum(hold.money for hold in self.open if hold.wallet == wallet)

    def money_left(self, wallet: str) -> int:
        return self.wallets[wallet] - self.money_held(wallet)

    def held(self, name: str) -> int:
        """Of a budget or a spend cap."""
        nats = (s.held for hold in self.open for s in hold.seats.values() if name in s.budgets)
        return sum(nats) + sum(hold.money for hold in self.open if name in hold.caps)

    def room(self, name: str) -> float:
        limit = self.limits[name]
        return float("inf") if limit is None else limit - self.spent.get(name, 0) - self.held(name)

    def seated(self, wanted: dict[str, Seat]) -> dict[str, Seat]:
        """In the order in which they were asked for, each seat if all its budgets have room for its block."""
        room = {name: self.room(name) for seat in wanted.values() for name in seat.budgets}
        seated = {}
        for label, seat in wanted.items():
            if seat.held > 0 and all(room[name] >= seat.held for name in seat.budgets):
                seated[label] = seat
                for name in seat.budgets:
                    room[name] -= seat.held
        return seated

    @staticmethod
    def quote(seats: Iterable[Seat], fee_points: int) -> int:
        chosen = list(seats)
        charges = sum(seat.quote() for seat in chosen)
        return charges + sum(seat.floor for seat in chosen) + fee_of(charges, fee_points)

    def end(self, hold: Held, used: dict[str, tuple[int, int]]) -> int:
        """Settle with (drawn, charged) by seat; says what left the wallet."""
        charges = {label: seat.charge(used[label][1]) for label, seat in hold.seats.items()}
        total = fee = fee_of(sum(charges.values()), hold.fee_points)
        for label, seat in hold.seats.items():
            paid = max(charges[label], seat.floor if hold.tokens_delivered else 0)
            self.earned[label] += paid
            total += paid
            for name in seat.budgets:
                self.spent[name] = self.spent.get(name, 0) + used[label][0]
        self.fees += fee
        self.wallets[hold.wallet] -= total
        for name in hold.caps:
            self.spent[name] = self.spent.get(name, 0) + total
        self.receipts += 1
        self.paid += total
        self.close(hold)
        return total

    def close(self, hold: Held) -> None:
        self.open.remove(hold)
        self.ended.append(hold)
