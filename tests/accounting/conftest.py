"""A small market's accounts, and holds on them: what every accounting test starts from."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounting import budgets, holds, settlement, wallets
from accounting.accounts import AccountKind, Asset, open_account
from accounting.holds import Placed, SeatTerms
from accounting.settled import Settled, Usage

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NAT = 10**9


@dataclass(frozen=True)
class Owner:
    label: str
    budget: int
    earnings: int


@dataclass
class Market:
    wallet: int
    owners: dict[str, Owner]

    def terms(self, label: str, **changes: Any) -> SeatTerms:
        owner = self.owners[label]
        chosen: dict[str, Any] = {
            "label": label,
            "budget_account_ids": (owner.budget,),
            "earnings_account_id": owner.earnings,
            "cap_nano_nats": 10 * NAT,
            "block_nano_nats": 4 * NAT,
            "price_micro_usd_per_nat": 20,
            "floor_micro_usd": 0,
            "charged_by": "measured",
        }
        return SeatTerms(**{**chosen, **changes})

    def place(self, *terms: SeatTerms, hold_id: uuid.UUID | None = None, **changes: Any) -> Placed:
        chosen: dict[str, Any] = {
            "hold_id": hold_id or uuid.uuid4(),
            "wallet_id": self.wallet,
            "spend_cap_account_ids": (),
            "terms": terms,
            "fee_basis_points": 500,
            "max_price_micro_usd": None,
            "expires_at": NOW + timedelta(minutes=10),
            "now": NOW,
            "detail": {"question": "opaque"},
        }
        return holds.place(**{**chosen, **changes})

    def settle(self, hold_id: uuid.UUID, **nats: tuple[int, int]) -> Settled:
        usage = [Usage(label, drawn, charged) for label, (drawn, charged) in nats.items()]
        return settle(hold_id, usage)


def settle(hold_id: uuid.UUID, usage: list[Usage], **changes: Any) -> Settled:
    chosen: dict[str, Any] = {
        "tokens_drawn": 40,
        "tokens_delivered": 40,
        "receipt": receipt_body,
        "now": NOW,
    }
    return settlement.settle(hold_id=hold_id, usage=usage, **{**chosen, **changes})


def receipt_body(settled: Settled) -> dict[str, Any]:
    return {"answer": "opaque", "lines": [line.outcome() for line in settled.lines]}


def open_market(*, money: int = 1_000_000, limit: int | None = 100 * NAT, owners: str = "abc") -> Market:
    wallet = open_account(asset=Asset.MICRO_USD, kind=AccountKind.WALLET, label="buyer").pk
    if money:
        wallets.top_up(
            wallet_id=wallet,
            amount_micro_usd=money,
            operation_id=uuid.uuid4(),
            acting_user_label="operator",
            now=NOW,
        )
    return Market(wallet, {label: open_owner(label, limit) for label in owners})


def open_owner(label: str, limit: int | None) -> Owner:
    budget = open_account(asset=Asset.NANO_NAT, kind=AccountKind.BUDGET, label=f"{label} budget").pk
    earnings = open_account(asset=Asset.MICRO_USD, kind=AccountKind.EARNINGS, label=f"{label} earnings").pk
    set_limit(budget, limit)
    return Owner(label, budget, earnings)


def set_limit(budget: int, limit: int | None) -> None:
    budgets.set_limit(account_id=budget, limit_nano_nats=limit, operation_id=uuid.uuid4(), now=NOW)


@pytest.fixture
def market(db: None) -> Market:
    return open_market()


@pytest.fixture
def make_market(db: None) -> Callable[..., Market]:
    return open_market
