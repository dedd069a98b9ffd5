"""A payout holds earnings, is decided once, is sent once, and comes back whole if it comes back."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounting import ledger, payouts, refunds
from accounting.accounts import AccountKind, system_accounts
from accounting.check import check
from accounting.database_rules import installation
from accounting.errors import Conflict, Invalid, NotFound
from accounting.models import AuditEvent, Operation, Payout, PayoutState, ReceiptLine, Transfer
from tests.accounting.conftest import NOW
from tests.accounting.payouts_of import accounts, earn, figures, request

pytestmark = [pytest.mark.books, pytest.mark.django_db]
BY: dict[str, Any] = {"acting_user": "operator", "now": NOW}


@pytest.fixture
def earned(market):
    """100 micro-USD of owner a and 60 of owner b, in sound books after every test."""
    earn(market, 5, "a")
    earn(market, 3, "b")
    yield market
    checked = check(now=NOW)
    assert checked.sound, checked


def test_a_request_holds_the_earnings(earned):
    payout = request(earned, 70)
    assert (payout.state, payout.amount_micro_usd, payout.payee) == (PayoutState.REQUESTED, 70, "owner")
    assert figures(earned) == (30, 70, 0, 0)


def test_without_an_amount_everything_available_is_held_from_all_accounts(earned):
    request(earned, 30, labels="ab")
    assert request(earned, labels="ab").amount_micro_usd == 130
    assert figures(earned, "ab") == (0, 160, 0, 0)


def test_more_than_is_available_is_refused(earned):
    request(earned, 70)
    with pytest.raises(Conflict, match="30 micro-USD of earnings are available, not 31") as refused:
        request(earned, 31)
    assert refused.value.code == "insufficient_earnings"


@pytest.mark.parametrize("amount", [39, None])
def test_less_than_the_minimum_is_refused(earned, amount):
    request(earned, 70)
    with pytest.raises(Invalid) as refused:
        request(earned, amount, minimum_micro_usd=40)
    assert (refused.value.code, refused.value.extra) == ("below_payout_minimum", {"minimum_micro_usd": 40})


@pytest.mark.parametrize("amount", [0, -1, 1.5, True, 2**63])
def test_an_amount_is_a_whole_positive_number(earned, amount):
    with pytest.raises(Invalid):
        request(earned, amount)


def test_nothing_earned_is_nothing_to_pay_out(market):
    with pytest.raises(Invalid):
        request(market, labels="c", minimum_micro_usd=0)


def test_a_repeated_request_is_one_payout_and_another_amount_a_conflict(earned):
    operation_id = uuid.uuid4()
    first = request(earned, 70, operation_id=operation_id)
    assert request(earned, 70, operation_id=operation_id) == first
    assert Payout.objects.count() == 1
    with pytest.raises(Conflict):
        request(earned, 60, operation_id=operation_id)


def test_an_approved_payout_leaves_the_earnings_and_waits_to_be_sent(earned):
    payout = payouts.approve(payout_id=request(earned, 70).pk, **BY)
    assert (payout.state, payout.decided_by) == (PayoutState.APPROVED, "operator")
    assert figures(earned) == (30, 0, 70, 0)
    assert ledger.balance(accounts(earned)[0]).posted == 30


def test_a_paid_payout_has_left_the_market_under_a_reference(earned):
    payout_id = request(earned, 70).pk
    payouts.approve(payout_id=payout_id, **BY)
    payout = payouts.mark_paid(payout_id=payout_id, external_reference=" SEPA 4711 ", **BY)
    assert (payout.state, payout.external_reference) == (PayoutState.PAID, "SEPA 4711")
    assert figures(earned) == (30, 0, 0, 70)
    out = system_accounts((AccountKind.PAYOUTS,))[AccountKind.PAYOUTS]
    assert ledger.balance(out).posted == 0


def test_a_refused_payout_is_available_again_and_says_why(earned):
    payout = payouts.refuse(payout_id=request(earned, 70).pk, reason="unknown bank", **BY)
    assert (payout.state, payout.reason) == (PayoutState.REFUSED, "unknown bank")
    assert figures(earned) == (100, 0, 0, 0)


def test_a_cancelled_payout_is_available_again(earned):
    assert payouts.cancel(payout_id=request(earned, 70).pk, **BY).state == PayoutState.CANCELLED
    assert figures(earned) == (100, 0, 0, 0)


@pytest.mark.parametrize("sent", [True, False])
def test_a_returned_payout_is_earnings_again_by_reversals(earned, sent):
    payout_id = request(earned, 130, labels="ab").pk
    payouts.approve(payout_id=payout_id, **BY)
    if sent:
        payouts.mark_paid(payout_id=payout_id, external_reference="4711", **BY)
    assert payouts.mark_returned(payout_id=payout_id, reason="closed", **BY).state == PayoutState.RETURNED
    assert figures(earned, "ab") == (160, 0, 0, 0)
    assert Transfer.objects.filter(reverses__isnull=False).count() == (3 if sent else 2)


DECISIONS = {
    "approve": lambda pk: payouts.approve(payout_id=pk, **BY),
    "refuse": lambda pk: payouts.refuse(payout_id=pk, reason="no", **BY),
    "cancel": lambda pk: payouts.cancel(payout_id=pk, **BY),
}


@pytest.mark.parametrize("first", DECISIONS)
@pytest.mark.parametrize("second", DECISIONS)
def test_a_payout_is_decided_once_and_the_same_decision_again_changes_nothing(earned, first, second):
    payout_id = request(earned, 70).pk
    state = DECISIONS[first](payout_id).state
    if first == second:
        assert DECISIONS[second](payout_id).state == state
        return
    with pytest.raises(Conflict) as refused:
        DECISIONS[second](payout_id)
    assert (refused.value.code, refused.value.extra["state"]) == ("payout_decided", state)


def test_only_what_was_approved_is_paid_or_returned(earned):
    payout_id = request(earned, 70).pk
    with pytest.raises(Conflict):
        payouts.mark_paid(payout_id=payout_id, external_reference="4711", **BY)
    with pytest.raises(Conflict):
        payouts.mark_returned(payout_id=payout_id, reason="closed", **BY)


def test_another_reason_for_the_same_decision_is_a_conflict(earned):
    payout_id = request(earned, 70).pk
    payouts.refuse(payout_id=payout_id, reason="no", **BY)
    with pytest.raises(Conflict):
        payouts.refuse(payout_id=payout_id, reason="still no", **BY)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_a_refusal_needs_a_reason(earned, reason):
    with pytest.raises(Invalid):
        payouts.refuse(payout_id=request(earned, 70).pk, reason=reason, **BY)


def test_an_unknown_payout_is_not_found(earned):
    with pytest.raises(NotFound):
        payouts.approve(payout_id=uuid.uuid4(), **BY)


def test_a_payout_whose_earnings_were_meanwhile_taken_back_is_not_approved(earned):
    payout_id = request(earned, 90).pk
    refunds.refund(
        operation_id=uuid.uuid4(), receipt_id=ReceiptLine.objects.get(label="a").receipt_id,
        amount_micro_usd=21, reason="empty", **BY,
    )  # fmt: skip
    with pytest.raises(Conflict) as refused:
        payouts.approve(payout_id=payout_id, **BY)
    assert refused.value.code == "earnings_refunded"
    payouts.refuse(payout_id=payout_id, reason="ask again", **BY)
    assert request(earned).amount_micro_usd == 80


def test_every_step_is_audited_with_who_before_and_after(earned):
    payout_id = request(earned, 70).pk
    payouts.approve(payout_id=payout_id, **BY)
    payouts.mark_paid(payout_id=payout_id, external_reference="4711", **BY)
    events = AuditEvent.objects.filter(subject=f"payout:{payout_id}").order_by("pk")
    assert [(one.actor, one.action) for one in events] == [
        ("olga", "payout.requested"),
        ("operator", "payout.approved"),
        ("operator", "payout.paid"),
    ]
    assert events[2].before == {"state": "approved"}
    assert events[2].after == {"state": "paid", "amount_micro_usd": 70, "external_reference": "4711"}
    assert {one.organisation_slug for one in events} == {"owner"}


def test_the_database_holds_no_more_than_was_earned_whoever_asks(earned):
    request(earned, 70)
    out = system_accounts((AccountKind.PAYOUTS,))[AccountKind.PAYOUTS]
    with pytest.raises(IntegrityError, match="rule 2"), transaction.atomic():
        Transfer.objects.create(
            operation=Operation.objects.all()[0], phase="pending", asset="micro_usd", amount=31,
            debit_account_id=accounts(earned)[0], credit_account_id=out, created_at=NOW,
        )  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounting_payout SET amount_micro_usd = 71",
        "UPDATE accounting_payout SET payee = 'somebody else'",
        "UPDATE accounting_payout SET state = 'paid'",
        "UPDATE accounting_payout SET state = 'cancelled'",
        "UPDATE accounting_payout SET state = 'approved', decided_by = 'me', decided_at = requested_at",
        "DELETE FROM accounting_payout",
    ],
)
def test_the_database_keeps_a_payout_true_to_its_transfers(earned, statement):
    request(earned, 70)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


TAMPERED = [
    (3, "UPDATE accounting_payout SET amount_micro_usd = amount_micro_usd + 1 WHERE state = 'requested'"),
    (1, "UPDATE accounting_payout SET amount_micro_usd = amount_micro_usd + 1 WHERE state = 'approved'"),
    (3, "UPDATE accounting_payout SET state = 'cancelled' WHERE state = 'requested'"),
    (3, "UPDATE accounting_payout SET state = 'requested' WHERE state = 'cancelled'"),
    (3, "UPDATE accounting_payout SET amount_micro_usd = amount_micro_usd + 1 WHERE state = 'paid'"),
    (3, "UPDATE accounting_transfer SET reverses_id = NULL WHERE label = 'payout returned'"),
    (7, "DELETE FROM accounting_payout WHERE state = 'approved'"),
]


@pytest.mark.parametrize(("rule", "statement"), TAMPERED)
def test_ledger_check_names_a_tampered_payout(market, rule, statement):
    earn(market)
    request(market, 10)
    payouts.cancel(payout_id=request(market, 11).pk, **BY)
    approved, paid, returned = (request(market, amount).pk for amount in (12, 13, 14))
    for payout_id in (approved, paid, returned):
        payouts.approve(payout_id=payout_id, **BY)
    payouts.mark_paid(payout_id=paid, external_reference="4711", **BY)
    payouts.mark_returned(payout_id=returned, reason="closed", **BY)
    assert check(now=NOW).sound
    installation.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount > 0
    installation.install(connection)
    assert rule in {breach.rule for breach in check(now=NOW).breaches}
