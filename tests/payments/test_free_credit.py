"""The platform's free credit: once a UTC month, up to the amount, never while money is owed."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connections
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from accounting import free_credit, ledger, wallet_movements
from accounting.accounts import AccountKind, Asset, open_account
from accounting.models import Debt, Transfer
from tests.booking import hold, top_up
from tests.builders import live_source
from tests.cast import Cast

pytestmark = [pytest.mark.books, pytest.mark.django_db]
MAY = datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
AMOUNT = 5_000_000


def grant(cast: Cast, now: datetime = MAY, amount: int = AMOUNT) -> int:
    return free_credit.grant(
        wallet_id=cast.buyer.organisation.wallet_account_id, amount_micro_usd=amount, now=now
    )


def balance(cast: Cast) -> int:
    return ledger.balance(cast.buyer.organisation.wallet_account_id).posted


def test_it_is_off_unless_an_operator_sets_it(cast: Cast, settings):
    assert settings.FREE_CREDIT_MICRO_USD_A_MONTH == 0
    assert grant(cast, amount=0) == 0
    assert not Transfer.objects.exists()


def test_an_empty_wallet_gets_the_amount_once_and_again_next_month_up_to_it(cast: Cast):
    assert [grant(cast), grant(cast), grant(cast, JUNE), grant(cast, JUNE)] == [AMOUNT, 0, 0, 0]
    assert balance(cast) == AMOUNT


def test_it_tops_up_to_the_amount_and_does_not_add_up(cast: Cast):
    top_up(cast.buyer, 3_000_000)
    assert grant(cast) == 2_000_000
    assert balance(cast) == AMOUNT


def test_a_wallet_that_has_the_amount_gets_nothing_that_month(cast: Cast):
    top_up(cast.buyer, AMOUNT)
    assert grant(cast) == 0
    assert not Transfer.objects.filter(label=free_credit.LABEL).exists()


def test_a_raised_amount_gives_nothing_more_to_those_who_had_theirs(cast: Cast):
    grant(cast)
    assert grant(cast, amount=2 * AMOUNT) == 0


def test_what_answers_hold_wins_no_larger_credit(cast: Cast, named_core):
    live_source(cast.owner, price_micro_usd_per_nat=100_000)
    top_up(cast.buyer, 4_000_000)
    hold(cast.buyer, "almanac", cap=30)
    assert grant(cast) == 1_000_000


def test_nobody_gets_any_while_money_is_owed_and_the_month_waits(cast: Cast):
    wallet = cast.buyer.organisation.wallet_account_id
    account = open_account(asset=Asset.MICRO_USD, kind=AccountKind.OWED, label="owed")
    debt = Debt.objects.create(wallet_id=wallet, account=account, owed_micro_usd=1)
    assert grant(cast) == 0
    debt.owed_micro_usd = 0
    debt.save()
    assert grant(cast) == AMOUNT


def test_it_comes_from_the_platform_and_is_seen_among_the_movements(cast: Cast):
    grant(cast)
    kinds = {one.kind: one.balance for one in ledger.totals_by_kind()}
    assert kinds == {"promotion": -AMOUNT, "wallet": AMOUNT}
    wallet = cast.buyer.organisation.wallet_account_id
    (line,) = wallet_movements.all_shown(wallet)
    assert (line.label, line.amount_micro_usd) == ("free credit", AMOUNT)
    assert "free credit" in cast.buyer.browser.get("/wallet").content.decode()


def test_the_account_and_the_wallet_page_say_what_is_due(cast: Cast, settings):
    settings.FREE_CREDIT_MICRO_USD_A_MONTH = AMOUNT
    assert cast.buyer.api.get("/v1/account").json()["free_credit_due_micro_usd"] == AMOUNT
    assert "with your first answer of this month" in cast.buyer.browser.get("/wallet").content.decode()
    grant(cast, datetime.now(UTC))
    assert cast.buyer.api.get("/v1/account").json()["free_credit_due_micro_usd"] == 0


@examples(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 9_000_000)), max_size=5))
def test_a_grant_never_lifts_a_wallet_above_the_amount(cast: Cast, steps):
    for month, more in steps:
        if more:
            top_up(cast.buyer, more)
        before = balance(cast)
        granted = grant(cast, datetime(2027, month, 9, tzinfo=UTC))
        assert granted == 0 or balance(cast) == AMOUNT
        assert balance(cast) == before + granted


@pytest.mark.django_db(transaction=True)
def test_many_first_answers_at_the_same_moment_get_it_once(cast: Cast):
    start, got = threading.Barrier(4), []

    def first() -> None:
        start.wait()
        try:
            got.append(grant(cast))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=first) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [0, 0, 0, AMOUNT]
    assert balance(cast) == AMOUNT
