"""What may happen to money that no answer moves: held, posted in whole or part, given back, reversed."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from accounting import transfers
from accounting.accounts import AccountKind, system_accounts
from tests.proofs.machine import WALLETS, BooksMachine, Done


@dataclass
class GeneralHold:
    pending_id: uuid.UUID
    wallet: str
    amount: int
    expires_at: datetime | None


class GeneralRules(BooksMachine):
    @rule(
        wallet=st.sampled_from(WALLETS),
        amount=st.integers(1, 600),
        minutes=st.none() | st.integers(1, 15),
    )
    def money_is_held(self, wallet, amount, minutes) -> None:
        lasting = None if minutes is None else timedelta(minutes=minutes)
        step = partial(transfers.HoldStep, self.world.wallets[wallet], self._funding, expires_after=lasting)
        hold = partial(transfers.hold, operation_id=uuid.uuid4(), now=self.now)
        if amount > self.model.money_left(wallet):
            self.refused("insufficient_funds", lambda: hold(step=step(amount)))
            self.refused("insufficient_funds", lambda: hold(step=step(amount)))
            return
        pending_id = hold(step=step(amount))
        held = GeneralHold(pending_id, wallet, amount, None if lasting is None else self.now + lasting)
        self.model.general[pending_id] = (wallet, amount)
        self.general.append(held)
        self.done.append(
            Done(lambda: hold(step=step(amount)), pending_id, lambda: hold(step=step(amount + 1)))
        )

    @precondition(lambda self: self.general)
    @rule(data=st.data(), part=st.booleans())
    def held_money_is_posted(self, data, part) -> None:
        held = data.draw(st.sampled_from(self.general))
        amount = data.draw(st.integers(1, held.amount)) if part else None
        post = partial(transfers.post_held, pending_id=held.pending_id, now=self.now)
        operation_id = uuid.uuid4()
        if self._is_over(held):
            self.refused("transfer_expired", lambda: post(operation_id=operation_id, amount=amount))
            return
        self.refused("above_hold", lambda: post(operation_id=uuid.uuid4(), amount=held.amount + 1))
        posted = post(operation_id=operation_id, amount=amount)
        self._ended(held)
        self.model.wallets[held.wallet] -= amount or held.amount
        self.model.funded -= amount or held.amount
        self.posted.append((posted, held.wallet, amount or held.amount))
        self.done.append(
            Done(
                lambda: post(operation_id=operation_id, amount=amount),
                posted,
                lambda: post(operation_id=operation_id, amount=(amount or held.amount) + 1),
            )
        )
        self.refused("already_posted", lambda: post(operation_id=uuid.uuid4(), amount=1))

    @precondition(lambda self: self.general)
    @rule(data=st.data())
    def held_money_is_given_back(self, data) -> None:
        held = data.draw(st.sampled_from(self.general))
        void = partial(transfers.void, operation_id=uuid.uuid4(), pending_id=held.pending_id, now=self.now)
        if self._is_over(held):
            self.refused("transfer_expired", void)
            return
        void()
        self._ended(held)

    @rule()
    def held_money_runs_out(self) -> None:
        over = [held for held in self.general if self._is_over(held)]
        assert transfers.expire_due(now=self.now) == len(over)
        for held in over:
            self._ended(held)

    @precondition(lambda self: self.posted)
    @rule(data=st.data(), more=st.integers(0, 1))
    def what_was_posted_is_reversed(self, data, more) -> None:
        posted, wallet, left = data.draw(st.sampled_from(self.posted))
        amount = data.draw(st.integers(1, left)) if not more else left + 1
        step = transfers.PostStep(self._funding, self.world.wallets[wallet], amount, reverses=posted)
        back = partial(transfers.post, operation_id=uuid.uuid4(), step=step, now=self.now)
        if more:
            self.refused("above_original", back)
            return
        back()
        self.posted.remove((posted, wallet, left))
        if left > amount:
            self.posted.append((posted, wallet, left - amount))
        self.model.wallets[wallet] += amount
        self.model.funded += amount

    @property
    def _funding(self) -> int:
        return system_accounts((AccountKind.FUNDING,))[AccountKind.FUNDING]

    def _is_over(self, held: GeneralHold) -> bool:
        return held.expires_at is not None and held.expires_at <= self.now

    def _ended(self, held: GeneralHold) -> None:
        self.general.remove(held)
        del self.model.general[held.pending_id]
