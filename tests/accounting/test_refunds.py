"""A refund gives back, by reversals, at most what was paid, in exact parts from everybody who got it."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounting import budgets, earned, ledger, payouts, refunded, refunds
from accounting.accounts import AccountKind, system_accounts
from accounting.check import check
from accounting.database_rules import installation
from accounting.errors import Conflict, Invalid, NotFound
from accounting.models import AuditEvent, Refund, Transfer
from accounting.settled import Usage
from tests.accounting.conftest import NAT, NOW, open_market, set_limit, settle
from tests.accounting.payouts_of import accounts, request

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def paid_answer(market, **nats):
    """An answer of these nats; the receipt's id. With a=5, b=2 it costs 100 + 40 + 7 fee."""
    nats = nats or {"a": 5, "b": 2}
    placed = market.place(*(market.terms(label, block_nano_nats=10 * NAT) for label in nats))
    used = {label: (value * NAT, value * NAT) for label, value in nats.items()}
    return market.settle(placed.hold_id, **used).receipt_id


def give(receipt_id, amount=None, **changes):
    chosen: dict[str, Any] = {
        "operation_id": uuid.uuid4(),
        "receipt_id": receipt_id,
        "amount_micro_usd": amount,
        "reason": "The answer was empty.",
        "acting_user": "operator",
        "now": NOW,
    }
    return refunds.refund(**{**chosen, **changes})


def parts_of(receipt_id):
    return [
        [(one.label, one.amount_micro_usd) for one in back.parts] for back in refunded.of_receipt(receipt_id)
    ]


@pytest.fixture
def sound(market):
    yield market
    checked = check(now=NOW)
    assert checked.sound, checked


def test_a_whole_refund_takes_every_part_back(sound):
    receipt_id = paid_answer(sound)
    assert give(receipt_id).amount_micro_usd == 147
    assert parts_of(receipt_id) == [[("a", 100), ("b", 40), ("fee", 7)]]
    assert ledger.balance(sound.wallet).posted == 1_000_000
    assert earned.together(accounts(sound, "ab")).balance == 0
    fee = system_accounts((AccountKind.PLATFORM_FEE,))[AccountKind.PLATFORM_FEE]
    assert ledger.balance(fee).posted == 0


def test_a_part_is_split_by_largest_remainder_and_sums_exactly(sound):
    receipt_id = paid_answer(sound)
    give(receipt_id, 50)  # 34.01 + 13.61 + 2.38
    assert parts_of(receipt_id) == [[("a", 34), ("b", 14), ("fee", 2)]]
    assert ledger.balance(sound.wallet).posted == 1_000_000 - 97


def test_parts_after_each_other_end_exactly_at_what_was_paid(sound):
    receipt_id = paid_answer(sound)
    for amount in (50, 1, 1, 1, 94):
        give(receipt_id, amount)
    assert earned.together(accounts(sound, "ab")).balance == 0
    with pytest.raises(Conflict) as refused:
        give(receipt_id, 1)
    assert (refused.value.code, refused.value.extra["refundable_micro_usd"]) == ("above_receipt", 0)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    nats=st.dictionaries(st.sampled_from("abc"), st.integers(1, 9), min_size=1),
    wishes=st.lists(st.integers(1, 120), max_size=6),
)
def test_any_refunds_in_any_order_never_exceed_and_always_sum(db, nats, wishes):
    market = open_market()
    receipt_id = paid_answer(market, **nats)
    total = 1_000_000 - ledger.balance(market.wallet).posted
    left = total
    for wish in wishes:
        try:
            give(receipt_id, wish)
        except Conflict:
            assert wish > left
        else:
            left -= wish
        assert ledger.balance(market.wallet).posted == 1_000_000 - left
        assert sum(amount for back in parts_of(receipt_id) for _, amount in back) == total - left
        assert all(one.balance >= 0 for one in earned.standings(accounts(market, "abc")).values())
    if left:
        give(receipt_id)
    assert earned.together(accounts(market, "abc")).balance == 0


@pytest.mark.parametrize("amount", [0, -1, 1.5, True, 2**63])
def test_an_amount_is_a_whole_positive_number(sound, amount):
    with pytest.raises(Invalid):
        give(paid_answer(sound), amount)


def test_more_than_was_paid_is_refused(sound):
    with pytest.raises(Conflict, match="147 micro-USD can still be refunded, not 148"):
        give(paid_answer(sound), 148)


def test_a_repeated_refund_happens_once_and_another_amount_is_a_conflict(sound):
    receipt_id, operation_id = paid_answer(sound), uuid.uuid4()
    first = give(receipt_id, 50, operation_id=operation_id)
    assert give(receipt_id, 50, operation_id=operation_id) == first
    with pytest.raises(Conflict, match="already used"):
        give(receipt_id, 51, operation_id=operation_id)
    assert Refund.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_a_refund_needs_a_reason(sound, reason):
    with pytest.raises(Invalid):
        give(paid_answer(sound), reason=reason)


def test_an_unknown_receipt_is_not_found(sound):
    with pytest.raises(NotFound):
        give(uuid.uuid4())


def test_every_reversal_names_the_transfer_that_it_corrects(sound):
    receipt_id = paid_answer(sound)
    back = give(receipt_id)
    for one in Transfer.objects.filter(operation=back.operation).select_related("reverses"):
        assert one.reverses is not None
        assert one.reverses.hold_id is not None
        sides = (one.credit_account_id, one.debit_account_id)
        assert sides == (one.reverses.debit_account_id, one.reverses.credit_account_id)


def test_nats_stay_spent(sound):
    receipt_id = paid_answer(sound)
    give(receipt_id)
    assert budgets.state(sound.owners["a"].budget).spent == 5 * NAT


def test_what_was_already_paid_out_is_owed_by_later_earnings(sound):
    receipt_id = paid_answer(sound)
    payout_id = request(sound).pk
    payouts.approve(payout_id=payout_id, acting_user="operator", now=NOW)
    give(receipt_id)
    assert earned.together(accounts(sound)).balance == -100
    paid_answer(sound, a=7)
    assert request(sound).amount_micro_usd == 40


def test_who_refunded_what_and_why_is_audited(sound):
    receipt_id = paid_answer(sound)
    back = give(receipt_id, 50, organisation_slug="buyer")
    event = AuditEvent.objects.get(action="receipt.refunded")
    assert (event.actor, event.subject, event.organisation_slug) == (
        "operator",
        f"receipt:{receipt_id}",
        "buyer",
    )
    assert event.after == {
        "refund": str(back.pk), "amount_micro_usd": 50, "nano_nats": 0, "reason": "The answer was empty.",
    }  # fmt: skip


def never_left(market, **terms):
    """An answer whose tokens were drawn, but none of which was delivered."""
    placed = market.place(market.terms("a", block_nano_nats=10 * NAT, **terms))
    return settle(placed.hold_id, [Usage("a", 3 * NAT, 0)], tokens_delivered=0).receipt_id


def give_nats(receipt_id, **changes):
    chosen: dict[str, Any] = {
        "operation_id": uuid.uuid4(),
        "receipt_id": receipt_id,
        "reason": "The engine failed before the first token left.",
        "acting_user": "operator",
        "now": NOW,
    }
    return refunds.give_back_influence(**{**chosen, **changes})


@pytest.mark.parametrize("limit", [100 * NAT, None])
def test_nats_of_an_answer_that_never_left_come_back_when_somebody_says_so(make_market, limit):
    market = make_market(limit=limit)
    receipt_id, budget = never_left(market), market.owners["a"].budget
    assert budgets.state(budget).spent == 3 * NAT
    assert give_nats(receipt_id).nano_nats == 3 * NAT
    left = None if limit is None else 100 * NAT
    assert budgets.state(budget) == budgets.BudgetState(limit, 0, 0, left)
    assert check(now=NOW).sound
    set_limit(budget, 2 * NAT)  # a limit set later counts from the same zero
    assert budgets.state(budget) == budgets.BudgetState(2 * NAT, 0, 0, 2 * NAT)
    assert check(now=NOW).sound


def test_nats_come_back_once(sound):
    receipt_id, operation_id = never_left(sound), uuid.uuid4()
    first = give_nats(receipt_id, operation_id=operation_id)
    assert give_nats(receipt_id, operation_id=operation_id) == first
    with pytest.raises(Conflict) as refused:
        give_nats(receipt_id)
    assert refused.value.code == "nothing_to_give_back"
    assert AuditEvent.objects.filter(action="receipt.influence_given_back").count() == 1


def test_a_budget_that_is_given_back_to_by_another_rule_is_left_out(sound):
    receipt_id, budget = never_left(sound), sound.owners["a"].budget
    with pytest.raises(Conflict) as refused:
        give_nats(receipt_id, not_to_account_ids=(budget,))
    assert refused.value.code == "nothing_to_give_back"
    assert budgets.state(budget).spent == 3 * NAT


def test_nats_of_an_answer_that_left_stay_spent_whatever_is_said(sound):
    with pytest.raises(Conflict) as refused:
        give_nats(paid_answer(sound))
    assert refused.value.code == "answer_left"


def test_a_spent_privacy_budget_never_comes_back(sound):
    with pytest.raises(Conflict) as refused:
        give_nats(never_left(sound, charged_by="blocks"))
    assert refused.value.code == "privacy_never_resets"


def test_where_nothing_was_paid_nothing_is_refunded(sound):
    with pytest.raises(Conflict) as refused:
        give(never_left(sound))
    assert refused.value.code == "above_receipt"


INVENTED = """INSERT INTO accounting_refund
    (id, amount_micro_usd, nano_nats, reason, made_by, made_at, operation_id, receipt_id)
    SELECT '{new}', 1, 0, 'why', 'me', f.made_at, r.id, f.receipt_id
    FROM accounting_refund f, accounting_operation r WHERE r.id <> f.operation_id"""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounting_refund SET amount_micro_usd = 1",
        "DELETE FROM accounting_refund",
        INVENTED,
    ],
    ids=["changed", "deleted", "invented"],
)
def test_the_database_keeps_refunds_true_to_their_reversals(sound, statement):
    give(paid_answer(sound))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(new=uuid.uuid4().hex))


TAMPERED = [
    (7, "UPDATE accounting_refund SET amount_micro_usd = amount_micro_usd - 1 WHERE nano_nats = 0"),
    (7, "DELETE FROM accounting_refund"),
    (1, "UPDATE accounting_account SET withdrawn = 0 WHERE kind = 'budget'"),
    (6, "UPDATE accounting_hold SET tokens_delivered = 1 WHERE tokens_delivered = 0 AND tokens_drawn > 0"),
]


@pytest.mark.parametrize(("rule", "statement"), TAMPERED)
def test_ledger_check_names_a_tampered_refund(market, rule, statement):
    give(paid_answer(market))
    give_nats(never_left(market))
    assert check(now=NOW).sound
    installation.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount > 0
    installation.install(connection)
    assert rule in {breach.rule for breach in check(now=NOW).breaches}


def test_an_answer_that_paid_through_clearing_is_refunded_through_it(sound):
    """As version 0.1 booked it: wallet to clearing, and from there to whoever was paid."""
    receipt_id = paid_answer(sound)
    clearing = system_accounts((AccountKind.CLEARING,))[AccountKind.CLEARING]
    one = Transfer.objects.get(debit_account=sound.wallet, label="fee")
    rows = Transfer.objects.filter(hold=one.hold_id, debit_account=sound.wallet)
    installation.remove(connection)
    rows.update(debit_account=clearing)
    Transfer.objects.create(
        id=uuid.uuid4(), operation_id=one.operation_id, phase="posted", asset="micro_usd", amount=147,
        debit_account_id=sound.wallet, credit_account_id=clearing, hold_id=one.hold_id, created_at=NOW,
    )  # fmt: skip
    installation.install(connection)
    give(receipt_id, 50)
    give(receipt_id)
    assert ledger.balance(clearing).posted == 0
    assert ledger.balance(sound.wallet).posted == 1_000_000
    assert earned.together(accounts(sound, "ab")).balance == 0
