"""General transfers from many connections: a hold ends once, and a transfer is never reversed twice."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounting import ledger, transfers
from accounting.accounts import AccountKind, system_accounts
from accounting.check import check
from accounting.errors import Conflict
from accounting.models import Operation, Transfer
from accounting.transfers import HoldStep, PostStep
from tests.accounting.conftest import NOW, open_market
from tests.accounting.test_many_at_once import THREADS, together

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


def funding():
    return system_accounts((AccountKind.FUNDING,))[AccountKind.FUNDING]


def succeeded(call):
    try:
        call()
    except (Conflict, IntegrityError):
        return 0
    return 1


def test_a_transfer_is_reversed_up_to_what_it_moved_by_however_many():
    market, back = open_market(), funding()
    paid = transfers.post(operation_id=uuid.uuid4(), step=PostStep(market.wallet, back, 100), now=NOW)
    step = PostStep(back, market.wallet, 30, reverses=paid)
    done = together(
        lambda _number: succeeded(lambda: transfers.post(operation_id=uuid.uuid4(), step=step, now=NOW))
    )
    assert sum(done) == 3
    assert ledger.balance(market.wallet).posted == 1_000_000 - 10
    assert check(now=NOW).sound


def test_the_database_alone_keeps_concurrent_reversals_within_the_original():
    market, back = open_market(), funding()
    paid = transfers.post(operation_id=uuid.uuid4(), step=PostStep(market.wallet, back, 100), now=NOW)
    operation = Operation.objects.get(transfers=paid)

    def by_hand():
        with transaction.atomic():
            Transfer.objects.create(
                operation=operation, phase="posted", asset="micro_usd", debit_account_id=back,
                credit_account_id=market.wallet, amount=30, reverses_id=paid, created_at=NOW,
            )  # fmt: skip
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.02)")  # the others come while this one is not committed

    assert sum(together(lambda _number: succeeded(by_hand))) == 3
    assert check(now=NOW).sound


def test_a_hold_ends_once_whoever_comes_first():
    market, back = open_market(), funding()
    end = timedelta(hours=1)
    held = [
        transfers.hold(
            operation_id=uuid.uuid4(), step=HoldStep(market.wallet, back, 10, expires_after=end), now=NOW
        )
        for _ in range(THREADS)
    ]

    def work(number):
        if number % 4 == 0:
            return transfers.expire_due(now=NOW + end)
        end_one = transfers.void if number % 2 else transfers.post_held
        return sum(
            succeeded(lambda one=one: end_one(operation_id=uuid.uuid4(), pending_id=one, now=NOW))
            for one in held
        )

    assert sum(together(work)) == THREADS
    balance = ledger.balance(market.wallet)
    assert balance.pending == 0
    assert balance.posted == 1_000_000 - 10 * Transfer.objects.filter(phase="post_pending").count()
    assert check(now=NOW).sound


def test_linked_transfers_over_the_same_wallets_in_any_order_never_deadlock():
    first, second = open_market(), open_market(owners="d")

    def work(number):
        for _ in range(10):
            there = PostStep(first.wallet, second.wallet, 5)
            back = PostStep(second.wallet, first.wallet, 5)
            steps = [there, back] if number % 2 else [back, there]
            transfers.linked(operation_id=uuid.uuid4(), steps=steps, now=NOW)

    together(work)
    assert ledger.balance(first.wallet).posted == ledger.balance(second.wallet).posted == 1_000_000


def test_the_same_request_from_everywhere_at_once_moves_once():
    market, back = open_market(), funding()
    operation_id, step = uuid.uuid4(), PostStep(market.wallet, back, 100)
    done = together(lambda _number: transfers.post(operation_id=operation_id, step=step, now=NOW))
    assert len(set(done)) == 1
    assert ledger.balance(market.wallet).posted == 999_900
