"""Payouts from many connections: the same earnings are never held or paid twice, and answers do not wait."""

import threading
import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from accounting import ledger, payouts, refunds
from accounting.accounts import AccountKind, system_accounts
from accounting.check import check
from accounting.errors import Conflict, Invalid
from accounting.models import Operation, Payout, Transfer
from tests.accounting.conftest import NOW, open_market
from tests.accounting.payouts_of import accounts, earn, figures, request
from tests.accounting.test_many_at_once import together

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


def tried(call):
    try:
        return call()
    except (Conflict, Invalid, IntegrityError):
        return None


def test_two_requests_for_everything_are_one_payout():
    market = open_market()
    earn(market, 5, "a")
    earn(market, 3, "b")
    done = together(lambda number: tried(lambda: request(market, labels="ab" if number % 2 else "ba")))
    assert [one.amount_micro_usd for one in done if one] == [160]
    assert figures(market, "ab") == (0, 160, 0, 0)
    assert check(now=NOW).sound


def test_requests_in_parts_hold_exactly_what_was_earned():
    market = open_market()
    earn(market, 5, "a")
    done = together(lambda _number: tried(lambda: request(market, 15)))
    assert sum(one.amount_micro_usd for one in done if one) == 90
    assert figures(market) == (10, 90, 0, 0)


def test_the_database_alone_keeps_two_holds_from_the_same_earnings():
    """Without the lock of the use case: who comes second waits inside the database and is refused."""
    market = open_market()
    earn(market, 5, "a")
    out = system_accounts((AccountKind.PAYOUTS,))[AccountKind.PAYOUTS]
    operation = Operation.objects.all()[0]

    def by_hand():
        with transaction.atomic(), connection.cursor() as cursor:
            Transfer.objects.create(
                operation=operation, phase="pending", asset="micro_usd", amount=60,
                debit_account_id=accounts(market)[0], credit_account_id=out, created_at=NOW,
            )  # fmt: skip
            cursor.execute("SELECT pg_sleep(0.02)")
        return True

    assert [one for one in together(lambda _number: tried(by_hand)) if one] == [True]
    assert figures(market)[0:2] == (40, 60)


def test_the_same_request_from_everywhere_is_one_payout():
    market, operation_id = open_market(), uuid.uuid4()
    earn(market, 5, "a")
    done = together(lambda _number: request(market, 70, operation_id=operation_id))
    assert len({one.pk for one in done}) == 1
    assert Payout.objects.count() == 1


def test_a_payout_is_approved_refused_or_cancelled_by_one_of_many():
    market = open_market()
    earn(market, 5, "a")
    payout_id = request(market, 70).pk
    ways = [
        lambda: payouts.approve(payout_id=payout_id, acting_user="o", now=NOW),
        lambda: payouts.refuse(payout_id=payout_id, reason="no", acting_user="o", now=NOW),
        lambda: payouts.cancel(payout_id=payout_id, acting_user="o", now=NOW),
    ]
    done = together(lambda number: tried(ways[number % 3]))
    assert len({one.state for one in done if one}) == 1
    assert check(now=NOW).sound


def test_an_answer_does_not_wait_for_a_payout_in_progress():
    market = open_market()
    earn(market, 5, "a")
    holding, answered = threading.Event(), threading.Event()

    def work(number):
        if number:
            assert holding.wait(20)
            earn(market, 2, "a")
            answered.set()
            return True
        with transaction.atomic():
            request(market, 70)
            holding.set()
            return answered.wait(20)  # with the earnings still locked

    assert together(work, 2) == [True, True]
    assert ledger.balance(accounts(market)[0]).posted == 140


def test_a_receipt_is_refunded_up_to_what_was_paid_by_however_many():
    market = open_market()
    receipt_id = earn(market, 5, "a")  # 100 and a fee of 5

    def one(_number):
        return tried(
            lambda: refunds.refund(
                operation_id=uuid.uuid4(), receipt_id=receipt_id, amount_micro_usd=20, reason="empty",
                acting_user="operator", now=NOW,
            )
        )  # fmt: skip

    assert len([back for back in together(one) if back]) == 5
    assert ledger.balance(market.wallet).posted == 1_000_000 - 5
    assert check(now=NOW).sound
