"""Two seats of one hold may name the same budget: they are seated in their own order, on every database."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounting import budgets
from accounting.check import check
from tests.accounting.conftest import NAT, NOW, open_market, set_limit


@pytest.fixture
def terms(transactional_db):
    """Both seats draw from `s`, which has room for one block; the first has nothing left of its own."""
    market = open_market(owners="sab")
    shared, own = market.owners["s"].budget, market.owners["a"].budget
    set_limit(shared, NAT)
    set_limit(own, 0)
    seats = [
        market.terms("a", budget_account_ids=(shared, own), cap_nano_nats=NAT),
        market.terms("b", budget_account_ids=(shared,), cap_nano_nats=NAT),
    ]
    return market, seats


@pytest.mark.books
def test_a_seat_that_is_left_out_takes_nothing_from_the_next_one(terms):
    market, seats = terms
    assert market.place(*seats).seated == ("b",)
    assert budgets.state(market.owners["s"].budget).left == 0
    assert check(now=NOW).breaches == ()


@pytest.mark.servers
def test_the_same_request_from_everywhere_at_once_is_placed_once(terms):
    market, seats = terms
    hold_id = uuid.uuid4()

    def place(_number):
        try:
            return market.place(*seats, hold_id=hold_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        placed = list(pool.map(place, range(8)))
    assert {one.seated for one in placed} == {("b",)}
    assert budgets.state(market.owners["s"].budget).held == NAT
    assert check(now=NOW).breaches == ()
