"""Many connections on the same few accounts: nothing overspent, lost, or refused for want of a lock."""

import random
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError, connection

from accounting import budgets, holds, ledger
from accounting.check import check
from accounting.errors import Conflict, PaymentRequired
from accounting.models import Hold, HoldState
from accounting.settled import Usage
from tests.accounting.conftest import NAT, NOW, open_market, set_limit, settle

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]
THREADS = 16


def together(work, count=THREADS):
    """Run `work(number)` on `count` threads that start at once, each on a connection of its own."""
    start = threading.Barrier(count)

    def one(number):
        try:
            start.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(one, number) for number in range(count)]]


def test_a_nearly_exhausted_budget_gives_exactly_what_it_has():
    market = open_market(money=10**9, limit=None)
    set_limit(market.owners["a"].budget, 50 * NAT)

    def work(_number):
        seated = 0
        for _ in range(6):
            placed = market.place(market.terms("a", cap_nano_nats=NAT, block_nano_nats=NAT))
            seated += len(placed.seated)
            market.settle(placed.hold_id, **dict.fromkeys(placed.seated, (NAT, NAT)))
        return seated

    assert sum(together(work)) == 50
    assert budgets.state(market.owners["a"].budget) == budgets.BudgetState(50 * NAT, 50 * NAT, 0, 0)
    assert check(now=NOW).breaches == ()


def test_a_nearly_empty_wallet_is_never_overdrawn():
    market = open_market(money=21 * 10)

    def work(_number):
        try:
            placed = market.place(market.terms("a", cap_nano_nats=NAT))
        except PaymentRequired:
            return 0
        market.settle(placed.hold_id, a=(NAT, NAT))
        return 1

    assert sum(together(work)) == 10
    assert ledger.balance(market.wallet) == ledger.Balance(0, 0, 0)


def test_sources_in_any_order_with_top_ups_never_deadlock():
    market = open_market(money=10**9, limit=200 * NAT, owners="abcdef")

    def work(number):
        rng = random.Random(number)
        topped: Counter[bool] = Counter()
        for _ in range(4):
            chosen = rng.sample("abcdef", 4)
            other = {label: market.owners[rng.choice("abcdef")].budget for label in chosen}
            terms = [
                market.terms(
                    label,
                    cap_nano_nats=4 * NAT,
                    block_nano_nats=NAT,
                    budget_account_ids=tuple({market.owners[label].budget, other[label]}),
                )
                for label in chosen
            ]
            placed = market.place(*terms)
            for label in rng.sample(placed.seated, len(placed.seated)):
                topped[holds.top_up(hold_id=placed.hold_id, label=label, nano_nats=NAT, now=NOW)] += 1
            market.settle(placed.hold_id, **dict.fromkeys(placed.seated, (NAT, NAT)))
        return topped

    together(work)
    assert not Hold.objects.filter(state=HoldState.OPEN).exists()
    assert check(now=NOW).breaches == ()


def test_the_same_request_from_everywhere_at_once_happens_once():
    market = open_market()
    hold_id = uuid.uuid4()
    placed = together(lambda _number: market.place(market.terms("a"), hold_id=hold_id))
    assert len(set(placed)) == 1
    settled = together(lambda _number: market.settle(hold_id, a=(NAT, NAT)))
    assert len(set(settled)) == 1
    assert ledger.balance(market.wallet).posted == 1_000_000 - settled[0].total_micro_usd


def test_settlement_and_expiry_never_both_win():
    market = open_market(money=10**9, limit=None)
    placed = [market.place(market.terms("a", cap_nano_nats=NAT)).hold_id for _ in range(THREADS * 2)]
    late = NOW + timedelta(hours=1)

    def work(number):
        if number % 4 == 0:
            return ("expired", holds.expire_due(now=late))
        settled = 0
        for hold_id in placed[number::THREADS]:
            try:
                market.settle(hold_id, a=(NAT, NAT))
                settled += 1
            except Conflict:
                pass
        return ("settled", settled)

    ended: Counter[str] = Counter()
    for how, count in together(work):
        ended[how] += count
    states = Counter(Hold.objects.values_list("state", flat=True))
    assert states == {name: count for name, count in ended.items() if count}
    assert sum(states.values()) == len(placed)
    assert check(now=late).breaches == ()


def test_limits_may_change_while_answers_run():
    market = open_market(money=10**9, limit=30 * NAT)
    budget = market.owners["a"].budget

    def work(number):
        for step in range(5):
            if number < 2:
                set_limit(budget, [None, 5 * NAT, 40 * NAT, 0, 60 * NAT][step])
                continue
            placed = market.place(market.terms("a", cap_nano_nats=NAT))
            market.settle(placed.hold_id, **dict.fromkeys(placed.seated, (NAT, NAT)))

    together(work)
    assert check(now=NOW).breaches == ()


def test_a_database_connection_killed_in_mid_settlement_loses_nothing():
    market = open_market()
    placed = market.place(market.terms("a"))

    def kill_own_connection(_settled):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return {}

    with pytest.raises((OperationalError, InterfaceError)):
        settle(placed.hold_id, [Usage("a", NAT, NAT)], receipt=kill_own_connection)
    connection.close()
    assert check(now=NOW).breaches == ()
    assert market.settle(placed.hold_id, a=(NAT, NAT)).total_micro_usd == 21
    assert check(now=NOW).breaches == ()
