"""One call of the server function for many answers: each is decided after those before it, and by itself."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from accounting import budgets, held, ledger
from accounting.check import check
from accounting.models import Hold, Receipt
from accounting.movers import server
from accounting.movers.moves import Ended, EndHold, PlaceHold
from accounting.pricing import charge_micro_usd
from accounting.settled import Settled, SettledLine
from tests.accounting.conftest import NAT, NOW, open_market, set_limit

pytestmark = [pytest.mark.servers, pytest.mark.django_db]


def move(market, *seats, **changes) -> PlaceHold:
    chosen = {
        "hold_id": uuid.uuid4(),
        "digest": "d" * 64,
        "wallet_id": market.wallet,
        "spend_cap_account_ids": (),
        "seats": seats,
        "fee_basis_points": 0,
        "max_price_micro_usd": None,
        "detail": {"words": 'with "quotes", \\ and ünïcode'},
        "now": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return PlaceHold(**{**chosen, **changes})


def ending(hold_id, *, nats=NAT, receipt_id=None) -> EndHold:
    terms = held.read(hold_id)
    lines = tuple(
        SettledLine(seat.label, nats, nats, charge_micro_usd(seat, nats), 0) for seat in terms.seats
    )
    total = sum(line.charge_micro_usd for line in lines)
    return EndHold(
        settled=Settled(hold_id, lines, 0, total, receipt_id or uuid.uuid4()),
        placed_on=terms,
        digest="e" * 64,
        state="settled",
        reason="",
        tokens_drawn=4,
        tokens_delivered=4,
        jws="a.b.c",
        shared_nano_nats=None,
        now=NOW,
    )


def test_every_hold_of_a_call_has_an_outcome_of_its_own():
    market = open_market(money=420)
    seat = market.terms("a")  # at most 200 micro-USD
    first = move(market, seat)
    server.place_all([first])
    told = server.place_all(
        [
            first,
            move(market, seat, max_price_micro_usd=199),
            move(market, seat, seats=(replace(seat, earnings_account_id=999_999),)),
            move(market, seat, wallet_id=market.owners["a"].earnings),
            move(market, seat, spend_cap_account_ids=(market.wallet,)),
            second := move(market, seat),
            move(market, seat),
        ]
    )
    outcomes = [one.outcome for one in told]
    assert outcomes == ["repeated", "price", "account", "account", "account", "placed", "money"]
    assert (told[1].quote_micro_usd, told[1].refused_at) == (200, 199)
    assert told[-1].refused_at == market.wallet
    assert set(Hold.objects.values_list("pk", flat=True)) == {first.hold_id, second.hold_id}
    assert ledger.balance(market.wallet).pending == 400
    assert budgets.state(market.owners["a"].budget).held == 8 * NAT
    assert check(now=NOW).breaches == ()


def test_a_refused_hold_gives_its_nats_to_the_next_of_the_same_call():
    market = open_market(money=200)
    set_limit(market.owners["a"].budget, 4 * NAT)
    poor = move(market, market.terms("a", price_micro_usd_per_nat=1000))
    told = server.place_all([poor, move(market, market.terms("a")), move(market, market.terms("a"))])
    assert [one.outcome for one in told] == ["money", "placed", "placed"]
    assert [one.refused for one in told] == [(False,), (False,), (True,)]
    assert budgets.state(market.owners["a"].budget).held == 4 * NAT
    assert sorted(hold.refused for hold in Hold.objects.all()) == [[], ["a"]]


def test_what_one_hold_takes_is_gone_for_the_later_ones_of_the_call():
    market = open_market(money=10**9)
    set_limit(market.owners["b"].budget, 10 * NAT)
    told = server.place_all([move(market, market.terms("a"), market.terms("b")) for _ in range(5)])
    assert [one.refused for one in told] == [(False, False)] * 2 + [(False, True)] * 3
    assert budgets.state(market.owners["b"].budget).held == 8 * NAT


def test_every_end_of_a_call_has_an_outcome_of_its_own():
    market = open_market(money=10**6)
    moves = [move(market, market.terms("a"), market.terms("b")) for _ in range(4)]
    server.place_all(moves)
    ids = [one.hold_id for one in moves]
    first, above, other_terms, last = (ending(hold_id) for hold_id in ids)
    above = ending(ids[1], nats=5 * NAT)
    seats = other_terms.placed_on.seats
    other_terms = replace(other_terms, placed_on=replace(other_terms.placed_on, seats=seats[::-1]))
    unknown = replace(
        last, settled=replace(last.settled, hold_id=(nobody := uuid.uuid4()), receipt_id=uuid.uuid4()),
        placed_on=replace(last.placed_on, hold_id=nobody),
    )  # fmt: skip
    assert server.settle(first) == Ended.SETTLED
    told = server.settle_durably([first, above, unknown, other_terms, last])
    assert told == [Ended.BEFORE, Ended.MISFIT, Ended.MISSING, Ended.MISFIT, Ended.SETTLED]
    assert set(Receipt.objects.values_list("hold", flat=True)) == {ids[0], ids[3]}
    assert ledger.balance(market.wallet).posted == 10**6 - 80
    assert budgets.state(market.owners["a"].budget).spent == 2 * NAT


def test_thirty_ends_of_one_wallet_and_one_budget_sum_exactly():
    market = open_market(money=10**6, limit=None)
    moves = [move(market, market.terms("a")) for _ in range(30)]
    server.place_all(moves)
    told = server.settle_durably([ending(one.hold_id, nats=NAT + n) for n, one in enumerate(moves)])
    assert told == [Ended.SETTLED] * 30
    spent = 30 * NAT + sum(range(30))
    state = budgets.state(market.owners["a"].budget)
    assert (state.spent, state.held) == (spent, 0)
    assert ledger.balance(market.wallet).posted == 10**6 - 30 * 20
