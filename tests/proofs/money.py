"""What may happen to limits and money while answers run, and to requests that arrive twice."""

import uuid
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from accounting import transfers
from accounting.accounts import AccountKind, system_accounts
from tests.proofs.machine import BUDGETS, CAPS, OWNERS, WALLETS, BooksMachine, Done
from tests.proofs.model import NAT

entry = st.tuples(st.sampled_from([*WALLETS, *OWNERS]), st.sampled_from(["in", "out"]), st.integers(1, 400))


class MoneyRules(BooksMachine):
    @rule(name=st.sampled_from(BUDGETS), limit=st.none() | st.integers(0, 20 * NAT))
    def a_budget_is_raised_lowered_or_lifted(self, name, limit) -> None:
        self._set_limit(name, limit, NAT)

    @rule(name=st.sampled_from(CAPS), limit=st.integers(0, 2_000))
    def a_spend_cap_is_raised_or_lowered(self, name, limit) -> None:
        self._set_limit(name, limit, 1)

    def _set_limit(self, name, limit, more) -> None:
        set_limit = partial(self.world.set_limit, name, operation_id=uuid.uuid4())
        set_limit(limit=limit, now=self.now)
        self.model.limits[name] = limit
        self.done.append(
            Done(
                lambda: set_limit(limit=limit, now=self.now),
                None,
                lambda: set_limit(limit=(limit or 0) + more, now=self.now),
            )
        )

    @rule(name=st.sampled_from(WALLETS), amount=st.integers(1, 500))
    def money_comes_in(self, name, amount) -> None:
        pay_in = partial(self.world.pay_in, name, operation_id=uuid.uuid4())
        pay_in(amount=amount, now=self.now)
        self.model.wallets[name] += amount
        self.model.funded += amount
        self.done.append(
            Done(
                lambda: pay_in(amount=amount, now=self.now) and None,
                None,
                lambda: pay_in(amount=amount + 1, now=self.now),
            )
        )

    @rule(entries=st.lists(entry, min_size=1, max_size=4))
    def linked_transfers_all_move_or_none(self, entries) -> None:
        funding = system_accounts((AccountKind.FUNDING,))[AccountKind.FUNDING]
        ids = {**self.world.wallets, **self.world.earnings}
        rows = [
            transfers.PostStep(funding, ids[name], amount)
            if way == "in"
            else transfers.PostStep(ids[name], funding, amount)
            for name, way, amount in self._within_earnings(entries)
        ]
        if not rows:
            return
        post = partial(transfers.linked, operation_id=uuid.uuid4(), kind="proof", now=self.now)
        out = {name: sum(row.amount for row in rows if row.debit_account_id == ids[name]) for name in WALLETS}
        if any(out[name] > self.model.money_left(name) for name in WALLETS):
            self.refused("insufficient_funds", lambda: post(steps=rows))
            return
        posted = post(steps=rows)
        self.done.append(Done(lambda: post(steps=rows), posted, lambda: post(steps=[*rows, rows[0]])))
        for row in rows:
            self._moved(row.debit_account_id, -row.amount)
            self._moved(row.credit_account_id, row.amount)

    def _within_earnings(self, entries):
        """Nothing but a receipt credits an owner here (rule 7), and nobody takes what was not earned."""
        left = dict(self.model.earned)
        for name, way, amount in entries:
            if name in WALLETS:
                yield name, way, amount
            elif way == "out" and amount <= left[name]:
                left[name] -= amount
                yield name, way, amount

    def _moved(self, account_id, amount) -> None:
        for ids, balances in (
            (self.world.wallets, self.model.wallets),
            (self.world.earnings, self.model.earned),
        ):
            for name, known in ids.items():
                if known == account_id:
                    balances[name] += amount
                    self.model.funded += amount

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def the_same_request_again_gives_the_first_outcome(self, data) -> None:
        done = data.draw(st.sampled_from(self.done))
        assert done.again() == done.outcome

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def the_same_id_with_other_content_is_refused(self, data) -> None:
        done = data.draw(st.sampled_from(self.done))
        self.refused("conflict", done.other)
