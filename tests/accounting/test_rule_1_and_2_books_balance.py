"""Rule 1: per asset, debits are credits. Rule 2: no budget and no wallet below zero, pending included."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from accounting import budgets, holds, ledger, transfers, wallets
from accounting.accounts import AccountKind, Asset, open_account
from accounting.errors import Conflict, Invalid, PaymentRequired
from accounting.models import Account, Transfer
from tests.accounting.conftest import NAT, NOW, set_limit

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def raw_transfer(**changes):
    """A row as somebody with a database console would write it."""
    existing = Transfer.objects.order_by("created_at").first()
    assert existing is not None
    chosen = {
        "id": uuid.uuid4(),
        "operation_id": existing.operation_id,
        "phase": "posted",
        "asset": "micro_usd",
        "amount": 1,
        "created_at": NOW,
    }
    with transaction.atomic():
        Transfer.objects.bulk_create([Transfer(**{**chosen, **changes})])


def test_rule_1_debits_are_credits_after_a_whole_way(market):
    placed = market.place(market.terms("a"), market.terms("b"))
    market.settle(placed.hold_id, a=(NAT, NAT), b=(2 * NAT, NAT))
    market.place(market.terms("c"))
    for debits, credited in ledger.trial_balance().values():
        assert debits == credited > 0
    assert sum(kind.balance for kind in ledger.totals_by_kind()) == 0


def test_rule_1_a_transfer_between_two_assets_is_refused_by_the_database(market):
    with pytest.raises(IntegrityError, match="rule 1"):
        raw_transfer(debit_account_id=market.wallet, credit_account_id=market.owners["a"].budget)


def test_rule_1_a_posting_between_two_assets_is_refused_in_words(market):
    entry = transfers.PostStep(market.wallet, market.owners["a"].budget, 1)
    with pytest.raises(Invalid):
        transfers.linked(operation_id=uuid.uuid4(), kind="test", steps=(entry,), now=NOW)


@pytest.mark.parametrize("amount", [0, -5])
def test_rule_1_a_transfer_of_nothing_or_less_is_refused_by_the_database(market, amount):
    with pytest.raises(IntegrityError):
        raw_transfer(
            debit_account_id=market.wallet, credit_account_id=market.owners["a"].earnings, amount=amount
        )


def test_rule_1_transfers_are_never_changed_or_deleted(market):
    for statement in (
        "UPDATE accounting_transfer SET amount = amount + 1",
        "DELETE FROM accounting_transfer",
    ):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_rule_1_linked_postings_are_all_or_none(market):
    a, b = market.owners["a"].earnings, market.owners["b"].earnings
    entries = (transfers.PostStep(market.wallet, a, 600_000), transfers.PostStep(market.wallet, b, 600_000))
    with pytest.raises(Conflict) as refused:
        transfers.linked(operation_id=uuid.uuid4(), kind="test", steps=entries, now=NOW)
    assert refused.value.code == "insufficient_funds"
    assert ledger.balance(a).posted == 0
    assert ledger.balance(market.wallet).posted == 1_000_000


def test_rule_2_a_wallet_is_not_overdrawn_even_by_hand(market):
    with pytest.raises(IntegrityError):
        raw_transfer(
            debit_account_id=market.wallet,
            credit_account_id=market.owners["a"].earnings,
            amount=1_000_001,
        )


def test_rule_2_a_budget_is_not_overdrawn_even_by_hand(market):
    spent = Transfer.objects.filter(asset="nano_nat").values_list("debit_account_id", flat=True).first()
    with pytest.raises(IntegrityError):
        raw_transfer(
            asset="nano_nat",
            phase="pending",
            debit_account_id=market.owners["a"].budget,
            credit_account_id=spent,
            amount=100 * NAT + 1,
        )


def test_rule_2_a_limited_account_cannot_be_pushed_below_zero_by_hand(market):
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE accounting_account SET debits_posted = credits_posted + 1 WHERE limited")


def test_rule_2_an_account_keeps_its_kind_and_is_not_deleted(market):
    for statement in ("UPDATE accounting_account SET kind = 'earnings'", "DELETE FROM accounting_account"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_rule_2_on_postgresql_only_transfers_move_totals(market):
    statement = "UPDATE accounting_account SET credits_posted = credits_posted + 1 WHERE kind = 'wallet'"
    if connection.vendor == "postgresql":
        with (
            pytest.raises(IntegrityError, match="rule 1"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert Account.objects.get(pk=market.wallet).credits_posted == 1_000_000


def test_eleven_charges_of_an_eleventh_fit_into_a_budget_and_a_twelfth_does_not(market):
    budget = 11 * (NAT // 11)
    set_limit(market.owners["a"].budget, budget)
    part = NAT // 11
    for _ in range(11):
        placed = market.place(market.terms("a", cap_nano_nats=part))
        market.settle(placed.hold_id, a=(part, part))
    assert budgets.state(market.owners["a"].budget) == budgets.BudgetState(budget, budget, 0, 0)
    assert market.place(market.terms("a", cap_nano_nats=1)).refused == ("a",)


def test_a_budget_lowered_below_what_is_spent_is_exhausted_and_nothing_breaks(market):
    budget = market.owners["a"].budget
    open_one = market.place(market.terms("a"))
    spent = market.place(market.terms("a"))
    market.settle(spent.hold_id, a=(3 * NAT, 0))
    set_limit(budget, 2 * NAT)
    assert budgets.state(budget) == budgets.BudgetState(2 * NAT, 3 * NAT, 4 * NAT, 0)
    assert market.place(market.terms("a", cap_nano_nats=1)).refused == ("a",)
    assert not holds.top_up(hold_id=open_one.hold_id, label="a", nano_nats=1, now=NOW)
    market.settle(open_one.hold_id, a=(NAT, NAT))
    assert budgets.state(budget) == budgets.BudgetState(2 * NAT, 4 * NAT, 0, 0)
    set_limit(budget, 5 * NAT)
    assert budgets.state(budget).left == NAT


def test_a_budget_made_unlimited_and_limited_again_remembers_what_was_spent(market):
    budget = market.owners["a"].budget
    set_limit(budget, None)
    placed = market.place(market.terms("a", cap_nano_nats=300 * NAT, block_nano_nats=300 * NAT))
    market.settle(placed.hold_id, a=(300 * NAT, 0))
    assert budgets.state(budget) == budgets.BudgetState(None, 300 * NAT, 0, None)
    set_limit(budget, 200 * NAT)
    assert budgets.state(budget) == budgets.BudgetState(200 * NAT, 300 * NAT, 0, 0)
    set_limit(budget, 301 * NAT)
    assert budgets.state(budget).left == NAT


def test_a_zero_budget_is_not_an_unlimited_one(market):
    set_limit(market.owners["a"].budget, 0)
    assert market.place(market.terms("a")).refused == ("a",)


def test_the_spend_cap_of_a_key_refuses_beside_the_wallet(market):
    cap = open_account(asset=Asset.MICRO_USD, kind=AccountKind.SPEND_CAP, label="key").pk
    wallets.set_spend_cap(account_id=cap, limit_micro_usd=300, operation_id=uuid.uuid4(), now=NOW)
    placed = market.place(market.terms("a"), spend_cap_account_ids=(cap,))
    assert ledger.balance(cap) == ledger.Balance(300, 210, 90)
    with pytest.raises(PaymentRequired) as refused:
        market.place(market.terms("a"), spend_cap_account_ids=(cap,))
    assert refused.value.code == "spend_cap_reached"
    assert refused.value.extra["available_micro_usd"] == 90
    market.settle(placed.hold_id, a=(NAT, NAT))
    assert ledger.balance(cap) == ledger.Balance(279, 0, 279)
    assert market.place(market.terms("a"), spend_cap_account_ids=(cap,)).seated == ("a",)


def test_money_is_put_into_wallets_only(market):
    with pytest.raises(Invalid):
        wallets.top_up(
            wallet_id=market.owners["a"].earnings,
            amount_micro_usd=1,
            operation_id=uuid.uuid4(),
            acting_user_label="operator",
            now=NOW,
        )
