"""Money and nats through one answer: placed, topped up, settled."""

import uuid

import pytest

from accounting import budgets, holds, ledger
from accounting.errors import Conflict, Invalid, NotFound, PaymentRequired
from accounting.models import Hold, Receipt, Transfer
from tests.accounting.conftest import NAT, NOW, set_limit

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def test_a_hold_keeps_the_quote_and_the_first_block(market):
    placed = market.place(market.terms("a"), market.terms("b", floor_micro_usd=7))
    assert placed.seated == ("a", "b")
    # two caps of 10 nats at 20, a floor of 7, five percent of 400
    assert placed.held_micro_usd == 400 + 7 + 20
    assert ledger.balance(market.wallet) == ledger.Balance(1_000_000, 427, 1_000_000 - 427)
    assert budgets.state(market.owners["a"].budget) == budgets.BudgetState(100 * NAT, 0, 4 * NAT, 96 * NAT)


def test_settlement_posts_what_was_used_and_gives_the_rest_back(market):
    placed = market.place(market.terms("a"), market.terms("b", floor_micro_usd=7))
    settled = market.settle(placed.hold_id, a=(3 * NAT, 2 * NAT), b=(NAT // 10, NAT // 10))
    # a: 2 nats at 20 = 40; b: 2 topped up to its floor of 7; fee: 5% of 42 = 2
    assert [(line.charge_micro_usd, line.floor_top_up_micro_usd) for line in settled.lines] == [
        (40, 0),
        (2, 5),
    ]
    assert (settled.fee_micro_usd, settled.total_micro_usd) == (2, 49)
    assert ledger.balance(market.wallet) == ledger.Balance(999_951, 0, 999_951)
    assert ledger.balance(market.owners["a"].earnings).posted == 40
    assert ledger.balance(market.owners["b"].earnings).posted == 7
    assert budgets.state(market.owners["a"].budget) == budgets.BudgetState(100 * NAT, 3 * NAT, 0, 97 * NAT)
    assert Receipt.objects.get(pk=settled.receipt_id).total_micro_usd == 49


def test_a_seat_whose_budget_refuses_is_left_out(market):
    set_limit(market.owners["b"].budget, 4 * NAT - 1)
    placed = market.place(market.terms("a"), market.terms("b"))
    assert (placed.seated, placed.refused) == (("a",), ("b",))
    assert placed.held_micro_usd == 210


def test_a_seat_needs_room_in_every_one_of_its_budgets(market):
    narrow = market.owners["b"].budget
    set_limit(narrow, NAT)
    both = market.terms("a", budget_account_ids=(market.owners["a"].budget, narrow))
    assert market.place(both).refused == ("a",)
    assert budgets.state(market.owners["a"].budget).held == 0


def test_two_seats_on_one_budget_cannot_both_take_its_last_block(market):
    shared = market.owners["a"].budget
    set_limit(shared, 4 * NAT)
    placed = market.place(market.terms("a"), market.terms("b", budget_account_ids=(shared,)))
    assert (placed.seated, placed.refused) == (("a",), ("b",))


def test_refused_money_keeps_nothing(make_market):
    market = make_market(money=200)
    hold_id = uuid.uuid4()
    with pytest.raises(PaymentRequired) as refused:
        market.place(market.terms("a"), hold_id=hold_id)
    assert refused.value.extra == {"quote_micro_usd": 210, "available_micro_usd": 200}
    assert not Hold.objects.exists()
    assert not Transfer.objects.filter(phase="pending").exists()
    assert budgets.state(market.owners["a"].budget).held == 0


def test_a_price_above_the_maximum_is_refused(market):
    with pytest.raises(PaymentRequired):
        market.place(market.terms("a"), max_price_micro_usd=209)
    assert market.place(market.terms("a"), max_price_micro_usd=210).held_micro_usd == 210


def test_an_answer_of_the_core_alone_costs_nothing_and_has_a_receipt(make_market):
    market = make_market(money=0)
    placed = market.place()
    settled = market.settle(placed.hold_id)
    assert (placed.held_micro_usd, settled.total_micro_usd) == (0, 0)
    assert Receipt.objects.filter(pk=settled.receipt_id).exists()


def test_a_top_up_adds_one_block_and_a_refused_one_leaves_the_hold_as_it_was(market):
    set_limit(market.owners["a"].budget, 7 * NAT)
    placed = market.place(market.terms("a"))
    assert holds.top_up(hold_id=placed.hold_id, label="a", nano_nats=3 * NAT, now=NOW)
    before = budgets.state(market.owners["a"].budget)
    assert before.held == 7 * NAT
    assert not holds.top_up(hold_id=placed.hold_id, label="a", nano_nats=1, now=NOW)
    assert budgets.state(market.owners["a"].budget) == before
    market.settle(placed.hold_id, a=(7 * NAT, 7 * NAT))
    assert budgets.state(market.owners["a"].budget) == budgets.BudgetState(7 * NAT, 7 * NAT, 0, 0)


def test_a_top_up_above_the_cap_of_the_answer_is_refused(market):
    placed = market.place(market.terms("a"))
    assert holds.top_up(hold_id=placed.hold_id, label="a", nano_nats=6 * NAT, now=NOW)
    assert not holds.top_up(hold_id=placed.hold_id, label="a", nano_nats=1, now=NOW)


def test_a_void_gives_everything_back_and_can_be_repeated(market):
    placed = market.place(market.terms("a"))
    for _ in range(2):
        holds.void(hold_id=placed.hold_id, reason="the engine did not start", now=NOW)
    assert ledger.balance(market.wallet) == ledger.Balance(1_000_000, 0, 1_000_000)
    assert budgets.state(market.owners["a"].budget).left == 100 * NAT
    with pytest.raises(Conflict):
        market.settle(placed.hold_id, a=(0, 0))


def test_a_hold_that_drew_tokens_cannot_be_voided(market):
    placed = market.place(market.terms("a"))
    progress(placed.hold_id, 16, 16, a=(NAT, NAT))
    with pytest.raises(Conflict) as refused:
        holds.void(hold_id=placed.hold_id, reason="changed my mind", now=NOW)
    assert refused.value.code == "tokens_drawn"


def test_an_unlimited_budget_never_refuses_and_counts_all_the_same(market):
    budget = market.owners["a"].budget
    set_limit(budget, None)
    placed = market.place(
        market.terms("a", cap_nano_nats=10**15, block_nano_nats=10**14, price_micro_usd_per_nat=0)
    )
    market.settle(placed.hold_id, a=(10**14, 10**14))
    assert budgets.state(budget) == budgets.BudgetState(None, 10**14, 0, None)


@pytest.mark.parametrize("bad", [float("nan"), 1.5, -1, True, 2**63])
def test_amounts_that_are_no_whole_numbers_are_refused(market, bad):
    with pytest.raises(Invalid):
        market.place(market.terms("a", cap_nano_nats=bad))


def test_unknown_holds_and_seats_are_named(market):
    with pytest.raises(NotFound):
        holds.top_up(hold_id=uuid.uuid4(), label="a", nano_nats=1, now=NOW)
    placed = market.place(market.terms("a"))
    with pytest.raises(Invalid, match="no seat z"):
        holds.top_up(hold_id=placed.hold_id, label="z", nano_nats=1, now=NOW)


def progress(hold_id, drawn, delivered, **nats):
    holds.record_progress(
        hold_id=hold_id,
        tokens_drawn=drawn,
        tokens_delivered=delivered,
        drawn_nano_nats={label: pair[0] for label, pair in nats.items()},
        delivered_nano_nats={label: pair[1] for label, pair in nats.items()},
        now=NOW,
    )
