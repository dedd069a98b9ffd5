"""Any order of placing, topping up, progress, settling, giving back, expiry and limits keeps all seven rules.

A small model in plain Python says what every account must show; after each step the books are compared with
it and proven by the same check that operators run.
"""

import os
import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounting import budgets, holds, ledger, wallets
from accounting.check import check
from accounting.errors import Conflict, PaymentRequired
from accounting.models import Receipt
from accounting.settled import Usage
from tests.accounting.conftest import NAT, NOW, open_market, settle
from tests.accounting.model_of_the_books import Model, OpenHold, Seat

pytestmark = [pytest.mark.books, pytest.mark.django_db]
EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "12"))
STEPS = int(os.environ.get("LEDGER_STEPS", "15"))

amounts = st.integers(1, 3 * NAT)
labels = st.sampled_from("abc")


class Books(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.market = open_market(money=2_000, limit=20 * NAT)
        self.model = Model()
        self.now = NOW

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.savepoint)

    def chosen(self, data):
        return self.model.open[data.draw(st.integers(0, len(self.model.open) - 1))]

    @rule(
        names=st.sets(labels, max_size=3),
        cap=amounts,
        block=amounts,
        price=st.sampled_from([0, 7, 300]),
        floor=st.sampled_from([0, 11]),
        private=st.booleans(),
    )
    def place(self, names, cap, block, price, floor, private) -> None:
        request = {
            "terms": [
                self.market.terms(
                    name,
                    cap_nano_nats=cap,
                    block_nano_nats=block,
                    price_micro_usd_per_nat=price,
                    floor_micro_usd=floor,
                    charged_by="blocks" if private else "measured",
                )
                for name in sorted(names)
            ],
            "hold_id": uuid.uuid4(),
        }
        first = min(cap, block)
        seated = [name for name in sorted(names) if self.model.room(name) >= first]
        quoted = sum(-(-cap * price // NAT) for _ in seated)
        money = quoted + floor * len(seated) + quoted * 500 // 10_000
        if money > self.model.money_left():
            with pytest.raises(PaymentRequired):
                self.place_now(request)
            return
        placed = self.place_now(request)
        assert list(placed.seated) == seated
        assert placed.held_micro_usd == money
        seats = {name: Seat(cap, first, price, floor, private) for name in seated}
        expiry = self.now + timedelta(minutes=10)
        self.model.open.append(OpenHold(placed.hold_id, request, money, seats, expiry))

    def place_now(self, request):
        return self.market.place(
            *request["terms"],
            hold_id=request["hold_id"],
            now=self.now,
            expires_at=self.now + timedelta(minutes=10),
        )

    @precondition(lambda self: self.model.open)
    @rule(data=st.data())
    def place_again(self, data) -> None:
        hold = self.chosen(data)
        assert self.place_now(hold.request).seated == tuple(hold.seats)

    @precondition(lambda self: any(hold.seats for hold in self.model.open))
    @rule(data=st.data(), amount=amounts)
    def top_up(self, data, amount) -> None:
        hold = data.draw(st.sampled_from([hold for hold in self.model.open if hold.seats]))
        name = data.draw(st.sampled_from(sorted(hold.seats)))
        seat = hold.seats[name]
        fits = seat.held + amount <= seat.cap and amount <= self.model.room(name)
        assert holds.top_up(hold_id=hold.hold_id, label=name, nano_nats=amount, now=self.now) == fits
        seat.held += amount if fits else 0

    @precondition(lambda self: self.model.open)
    @rule(data=st.data(), more=st.integers(1, 16))
    def progress(self, data, more) -> None:
        hold = self.chosen(data)
        hold.tokens += more
        for seat in hold.seats.values():
            seat.drawn = data.draw(st.integers(seat.drawn, seat.held))
            seat.delivered = data.draw(st.integers(seat.delivered, seat.drawn))
        holds.record_progress(
            hold_id=hold.hold_id,
            tokens_drawn=hold.tokens,
            tokens_delivered=hold.tokens,
            drawn_nano_nats={name: seat.drawn for name, seat in hold.seats.items()},
            delivered_nano_nats={name: seat.delivered for name, seat in hold.seats.items()},
            now=self.now,
        )

    @precondition(lambda self: self.model.open)
    @rule(data=st.data(), times=st.integers(1, 2), more=st.integers(0, 9))
    def settle(self, data, times, more) -> None:
        hold = self.chosen(data)
        tokens = hold.tokens + more
        used = {}
        for name, seat in hold.seats.items():
            drawn = data.draw(st.integers(seat.drawn, seat.held))
            used[name] = (drawn, data.draw(st.integers(0, drawn)) if tokens else 0)
        usage = [Usage(name, *pair) for name, pair in used.items()]
        outcomes = {
            settle(hold.hold_id, usage, tokens_drawn=tokens, tokens_delivered=tokens, now=self.now)
            for _ in range(times)
        }
        assert len(outcomes) == 1
        self.model.end(hold, used, floors=tokens > 0)

    @precondition(lambda self: self.model.open)
    @rule(data=st.data())
    def void(self, data) -> None:
        hold = self.chosen(data)
        if hold.tokens:
            with pytest.raises(Conflict):
                holds.void(hold_id=hold.hold_id, reason="test", now=self.now)
            return
        holds.void(hold_id=hold.hold_id, reason="test", now=self.now)
        self.model.open.remove(hold)

    @rule(minutes=st.integers(1, 12))
    def time_passes(self, minutes) -> None:
        self.now += timedelta(minutes=minutes)
        due = [hold for hold in self.model.open if hold.expires_at <= self.now]
        assert holds.expire_due(now=self.now) == len(due)
        for hold in due:
            used = {n: (s.held if s.blocks else s.drawn, s.delivered) for n, s in hold.seats.items()}
            self.model.end(hold, used, floors=hold.tokens > 0)

    @rule(name=labels, limit=st.none() | st.integers(0, 30 * NAT))
    def set_limit(self, name, limit) -> None:
        budgets.set_limit(
            account_id=self.market.owners[name].budget,
            limit_nano_nats=limit,
            operation_id=uuid.uuid4(),
            now=self.now,
        )
        self.model.limits[name] = limit

    @rule(amount=st.integers(1, 500))
    def money_comes_in(self, amount) -> None:
        wallets.top_up(
            wallet_id=self.market.wallet,
            amount_micro_usd=amount,
            operation_id=uuid.uuid4(),
            acting_user_label="operator",
            now=self.now,
        )
        self.model.wallet += amount

    @invariant()
    def every_account_shows_what_the_model_says(self) -> None:
        held = sum(hold.money for hold in self.model.open)
        wallet = ledger.balance(self.market.wallet)
        assert (wallet.posted, wallet.pending) == (self.model.wallet, held)
        for name, owner in self.market.owners.items():
            limit, room = self.model.limits[name], self.model.room(name)
            left = None if limit is None else max(0, int(room))
            expected = budgets.BudgetState(limit, self.model.spent[name], self.model.held(name), left)
            assert budgets.state(owner.budget) == expected
            assert ledger.balance(owner.earnings).posted == self.model.earned[name]

    @invariant()
    def the_seven_rules_hold(self) -> None:
        assert check(now=self.now).breaches == ()

    @invariant()
    def receipts_sum_to_what_was_paid(self) -> None:
        paid = sum(Receipt.objects.values_list("charges_micro_usd", flat=True))
        assert paid == sum(self.model.earned.values())


def test_the_seven_rules_hold_in_any_order_of_events():
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
