"""The state machine's frame: one small set of books per example, and what must be true after every step.

The rules (what may happen) stand in `answers`, `endings` and `money`; here is what they share.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from accounting import budgets, ledger
from accounting.check import check
from accounting.errors import Conflict
from accounting.models import AccountKind, Asset, Receipt
from tests.proofs.model import NAT, Held, Model
from tests.proofs.world import World

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
OWNERS = ("ada", "ben", "eve")
BUDGETS = ("shared", *OWNERS)  # one that seats of several owners may name, and each owner's own
CAPS = ("key", "day")
WALLETS = ("rich", "poor")


@dataclass(frozen=True)
class Done:
    """An operation that succeeded: the same again gives `outcome`; `other` has its id and other content."""

    again: Callable[[], Any]
    outcome: Any
    other: Callable[[], Any]


class BooksMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.now = START
        self.done: list[Done] = []
        self.general: list[Any] = []
        self.posted: list[Any] = []
        self.world = World().open(wallets=WALLETS, budgets=BUDGETS, caps=CAPS, owners=OWNERS)
        self.model = Model(
            wallets=dict.fromkeys(WALLETS, 0),
            limits={**dict.fromkeys(BUDGETS, 12 * NAT), **dict.fromkeys(CAPS, 1_500)},
            earned=dict.fromkeys(OWNERS, 0),
        )
        for name, limit in self.model.limits.items():
            self.world.set_limit(name, limit, uuid.uuid4(), self.now)
        for name, amount in (("rich", 3_000), ("poor", 100)):
            self.world.pay_in(name, amount, uuid.uuid4(), self.now)
            self.model.wallets[name] += amount
            self.model.funded += amount

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.savepoint)

    def chosen(self, data: Any) -> Held:
        place: int = data.draw(st.integers(0, len(self.model.open) - 1))
        return self.model.open[place]

    def refused(self, code: str, call: Callable[[], Any]) -> None:
        """A 409 with this code; that nothing moved is what the invariants then see."""
        with pytest.raises(Conflict) as refusal:
            call()
        assert (refusal.value.code, refusal.value.status) == (code, 409)

    @invariant()
    def every_wallet_budget_and_cap_is_where_the_model_has_it(self) -> None:
        model, world = self.model, self.world
        for name, account_id in world.wallets.items():
            held, posted = model.money_held(name), model.wallets[name]
            assert ledger.balance(account_id) == ledger.Balance(posted, held, posted - held), name
        states = budgets.states(world.budgets.values())
        for name, account_id in world.budgets.items():
            state, limit = states[account_id], model.limits[name]
            left = None if limit is None else max(0, int(model.room(name)))
            stated = (state.limit, state.spent, state.held, state.left)
            assert stated == (limit, model.spent.get(name, 0), model.held(name), left), name
        for name, account_id in world.caps.items():
            balance = ledger.balance(account_id)
            assert (balance.pending, balance.available) == (model.held(name), max(0, model.room(name))), name

    @invariant()
    def everybody_was_paid_what_the_model_says(self) -> None:
        for name, account_id in self.world.earnings.items():
            assert ledger.balance(account_id).posted == self.model.earned[name], name
        kinds = {row.kind: row.balance for row in ledger.totals_by_kind()}
        assert kinds.get(AccountKind.PLATFORM_FEE, 0) == self.model.fees
        assert kinds.get(AccountKind.FUNDING, 0) == -self.model.funded
        nats = sum(self.model.spent.get(name, 0) for name in BUDGETS)
        assert kinds.get(AccountKind.INFLUENCE_SPENT, 0) == nats
        for asset, (given, got) in ledger.trial_balance().items():
            assert given == got, asset
        assert set(ledger.trial_balance()) == set(Asset)

    @invariant()
    def the_seven_rules_hold(self) -> None:
        checked = check(now=self.now)
        assert checked.breaches == ()
        overdue = sum(hold.expires_at <= self.now for hold in self.model.open)
        counted = (checked.open_holds, checked.overdue_holds, checked.receipts)
        assert counted == (len(self.model.open), overdue, self.model.receipts)

    @invariant()
    def receipts_sum_to_what_was_paid(self) -> None:
        assert (Receipt.objects.aggregate(paid=Sum("total_micro_usd"))["paid"] or 0) == self.model.paid
