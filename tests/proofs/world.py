"""Two buyers, three owners, budgets and spend caps, by name: opens accounts, calls accounting's doors.

It knows which id a name has, and nothing about what is right: that is the model's.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounting import budgets, holds, settlement, wallets
from accounting.accounts import AccountKind, Asset, open_account
from accounting.holds import Placed, SeatTerms
from accounting.settled import Settled, Usage
from tests.proofs.model import Seat

PATIENCE = timedelta(minutes=10)


@dataclass
class World:
    wallets: dict[str, int] = field(default_factory=dict)
    budgets: dict[str, int] = field(default_factory=dict)
    caps: dict[str, int] = field(default_factory=dict)
    earnings: dict[str, int] = field(default_factory=dict)

    def open(
        self, *, wallets: Iterable[str], budgets: Iterable[str], caps: Iterable[str], owners: Iterable[str]
    ):
        opened = (
            (self.wallets, wallets, Asset.MICRO_USD, AccountKind.WALLET),
            (self.budgets, budgets, Asset.NANO_NAT, AccountKind.BUDGET),
            (self.caps, caps, Asset.MICRO_USD, AccountKind.SPEND_CAP),
            (self.earnings, owners, Asset.MICRO_USD, AccountKind.EARNINGS),
        )
        for ids, names, asset, kind in opened:
            for name in names:
                ids[name] = open_account(asset=asset, kind=kind, label=f"{name} {kind}").pk
        return self

    def terms(self, label: str, seat: Seat) -> SeatTerms:
        return SeatTerms(
            label=label,
            budget_account_ids=tuple(self.budgets[name] for name in seat.budgets),
            earnings_account_id=self.earnings[label],
            cap_nano_nats=seat.cap,
            block_nano_nats=max(seat.held, 1),
            price_micro_usd_per_nat=seat.price,
            floor_micro_usd=seat.floor,
            ceiling_micro_usd=seat.ceiling,
            charged_by="blocks" if seat.blocks else "measured",
        )

    def place(
        self,
        hold_id: uuid.UUID,
        seats: Mapping[str, Seat],
        *,
        wallet: str,
        caps: Sequence[str],
        fee_points: int,
        most: int | None,
        now: datetime,
    ) -> Placed:
        return holds.place(
            hold_id=hold_id,
            wallet_id=self.wallets[wallet],
            spend_cap_account_ids=tuple(self.caps[name] for name in caps),
            terms=[self.terms(label, seat) for label, seat in seats.items()],
            fee_basis_points=fee_points,
            max_price_micro_usd=most,
            expires_at=now + PATIENCE,
            now=now,
            detail={"question": "opaque"},
        )

    @staticmethod
    def settle(
        hold_id: uuid.UUID, used: Mapping[str, tuple[int, int]], tokens: tuple[int, int], now: datetime
    ) -> Settled:
        return settlement.settle(
            hold_id=hold_id,
            usage=[Usage(label, *pair) for label, pair in used.items()],
            tokens_drawn=tokens[0],
            tokens_delivered=tokens[1],
            receipt=lambda settled: {"lines": [line.outcome() for line in settled.lines]},
            now=now,
        )

    def set_limit(self, name: str, limit: int | None, operation_id: uuid.UUID, now: datetime) -> None:
        if name in self.budgets:
            budgets.set_limit(
                account_id=self.budgets[name], limit_nano_nats=limit, operation_id=operation_id, now=now
            )
        else:
            assert limit is not None
            wallets.set_spend_cap(
                account_id=self.caps[name], limit_micro_usd=limit, operation_id=operation_id, now=now
            )

    def pay_in(self, name: str, amount: int, operation_id: uuid.UUID, now: datetime) -> Any:
        return wallets.top_up(
            wallet_id=self.wallets[name],
            amount_micro_usd=amount,
            operation_id=operation_id,
            acting_user_label="operator",
            now=now,
        )
