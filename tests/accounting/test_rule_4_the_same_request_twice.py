"""Rule 4: the same id and content gives the first outcome again; other content is a conflict."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounting import budgets, ledger, transfers, wallets
from accounting.errors import Conflict, PaymentRequired
from accounting.models import Hold, Transfer
from tests.accounting.conftest import NAT, NOW, set_limit

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def top_up(market, operation_id, amount=500):
    return wallets.top_up(
        wallet_id=market.wallet,
        amount_micro_usd=amount,
        operation_id=operation_id,
        acting_user_label="operator",
        now=NOW,
    )


def test_rule_4_a_repeated_hold_gives_the_first_outcome(market):
    hold_id = uuid.uuid4()
    set_limit(market.owners["b"].budget, 0)
    first = market.place(market.terms("a"), market.terms("b"), hold_id=hold_id)
    set_limit(market.owners["b"].budget, 100 * NAT)  # now b would sit, but the outcome stands
    later = NOW + timedelta(seconds=3)
    again = market.place(
        market.terms("a"),
        market.terms("b"),
        hold_id=hold_id,
        now=later,
        expires_at=later + timedelta(minutes=10),
    )
    assert again == first
    assert Hold.objects.count() == 1
    assert ledger.balance(market.wallet).pending == first.held_micro_usd


@pytest.mark.parametrize(
    "change", [{"fee_basis_points": 0}, {"detail": {"question": "other"}}, {"max_price_micro_usd": 10_000}]
)
def test_rule_4_a_hold_with_other_content_is_a_conflict(market, change):
    hold_id = uuid.uuid4()
    market.place(market.terms("a"), hold_id=hold_id)
    with pytest.raises(Conflict):
        market.place(market.terms("a"), hold_id=hold_id, **change)
    with pytest.raises(Conflict):
        market.place(market.terms("a", cap_nano_nats=NAT), hold_id=hold_id)


def test_rule_4_a_hold_that_was_refused_money_may_be_tried_again(make_market):
    market = make_market(money=0)
    hold_id = uuid.uuid4()
    with pytest.raises(PaymentRequired):
        market.place(market.terms("a"), hold_id=hold_id)
    top_up(market, uuid.uuid4())
    assert market.place(market.terms("a"), hold_id=hold_id).seated == ("a",)


def test_rule_4_a_repeated_top_up_adds_nothing_and_another_amount_is_a_conflict(market):
    operation_id = uuid.uuid4()
    assert top_up(market, operation_id).posted == 1_000_500
    assert top_up(market, operation_id).posted == 1_000_500
    with pytest.raises(Conflict):
        top_up(market, operation_id, amount=501)


def test_rule_4_an_id_belongs_to_one_kind_of_request(market):
    operation_id = uuid.uuid4()
    top_up(market, operation_id)
    with pytest.raises(Conflict):
        budgets.set_limit(
            account_id=market.owners["a"].budget, limit_nano_nats=NAT, operation_id=operation_id, now=NOW
        )


def test_rule_4_a_repeated_limit_does_not_undo_a_later_one(market):
    budget, first = market.owners["a"].budget, uuid.uuid4()
    budgets.set_limit(account_id=budget, limit_nano_nats=7 * NAT, operation_id=first, now=NOW)
    set_limit(budget, 9 * NAT)
    budgets.set_limit(account_id=budget, limit_nano_nats=7 * NAT, operation_id=first, now=NOW)
    assert budgets.state(budget).limit == 9 * NAT


def test_rule_4_a_posting_keeps_its_transfers(market):
    operation_id = uuid.uuid4()
    entries = (transfers.PostStep(market.wallet, market.owners["a"].earnings, 5),)
    first = transfers.linked(operation_id=operation_id, kind="test", steps=entries, now=NOW)
    assert transfers.linked(operation_id=operation_id, kind="test", steps=entries, now=NOW) == first
    assert Transfer.objects.filter(operation_id=operation_id).count() == 1


@pytest.mark.parametrize("column", ["outcome", "digest"])
def test_rule_4_by_hand_what_was_asked_and_answered_stays(market, column):
    market.place(market.terms("a"))
    value = "'{}'" if column == "outcome" else "'other'"
    with (
        pytest.raises(IntegrityError, match="rule 4"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE accounting_operation SET {column} = {value}")
