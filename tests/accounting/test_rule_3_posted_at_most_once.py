"""Rule 3: a hold is posted at most once, and never for more than was held."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from accounting import holds, ledger, settlement, transfers
from accounting.accounts import AccountKind, system_accounts
from accounting.errors import Conflict, Invalid
from accounting.models import Hold, Phase, Transfer
from accounting.settled import Usage
from accounting.steps import HoldStep
from tests.accounting.conftest import NAT, NOW, settle

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture
def placed(market):
    return market.place(market.terms("a"), market.terms("b"))


def resolution(of, **changes):
    chosen = {
        "id": uuid.uuid4(),
        "operation_id": of.operation_id,
        "phase": Phase.POST_PENDING,
        "asset": of.asset,
        "debit_account_id": of.debit_account_id,
        "credit_account_id": of.credit_account_id,
        "amount": of.amount,
        "pending": of,
        "pending_amount": of.amount,
        "hold_id": of.hold_id,
        "created_at": NOW,
    }
    with transaction.atomic():
        Transfer.objects.bulk_create([Transfer(**{**chosen, **changes})])


def test_rule_3_more_than_was_held_is_refused_and_nothing_is_written(market, placed):
    before = Transfer.objects.count()
    with pytest.raises(Conflict) as refused:
        market.settle(placed.hold_id, a=(4 * NAT + 1, NAT), b=(0, 0))
    assert refused.value.code == "above_hold"
    assert Transfer.objects.count() == before
    assert Hold.objects.get(pk=placed.hold_id).state == "open"


@pytest.mark.parametrize(
    "usage",
    [
        {"a": (NAT, NAT)},
        {"a": (NAT, NAT), "b": (0, 0), "z": (0, 0)},
        {"a": (NAT, NAT + 1), "b": (0, 0)},
        {"a": (-1, -1), "b": (0, 0)},
    ],
)
def test_rule_3_a_settlement_that_does_not_fit_its_hold_is_refused(market, placed, usage):
    with pytest.raises(Invalid):
        market.settle(placed.hold_id, **usage)
    assert Hold.objects.get(pk=placed.hold_id).state == "open"


def test_rule_3_a_second_settlement_moves_nothing(market, placed):
    first = market.settle(placed.hold_id, a=(NAT, NAT), b=(0, 0))
    after = ledger.balance(market.wallet)
    assert market.settle(placed.hold_id, a=(NAT, NAT), b=(0, 0)) == first
    with pytest.raises(Conflict):
        market.settle(placed.hold_id, a=(2 * NAT, NAT), b=(0, 0))
    assert ledger.balance(market.wallet) == after


def test_rule_3_what_comes_along_with_a_settlement_runs_once_and_with_it(market, placed):
    seen: list[settlement.Settled] = []
    usage = [Usage("a", NAT, NAT), Usage("b", 0, 0)]
    for _ in range(2):
        settle(placed.hold_id, usage, also=seen.append)
    assert [settled.hold_id for settled in seen] == [placed.hold_id]


def test_rule_3_when_what_comes_along_fails_nothing_is_settled(market, placed):
    def refuse(_settled):
        raise Conflict("the answer is gone")

    usage = [Usage("a", NAT, NAT), Usage("b", 0, 0)]
    with pytest.raises(Conflict, match="the answer is gone"):
        settle(placed.hold_id, usage, also=refuse)
    assert Hold.objects.get(pk=placed.hold_id).state == "open"
    assert market.settle(placed.hold_id, a=(NAT, NAT), b=(0, 0)).total_micro_usd == 21


def test_rule_3_nothing_is_topped_up_after_the_end(market, placed):
    market.settle(placed.hold_id, a=(NAT, NAT), b=(0, 0))
    with pytest.raises(Conflict) as refused:
        holds.top_up(hold_id=placed.hold_id, label="a", nano_nats=1, now=NOW)
    assert refused.value.code == "hold_ended"


@pytest.fixture
def pending(market):
    funding = system_accounts((AccountKind.FUNDING,))[AccountKind.FUNDING]
    step = HoldStep(market.wallet, funding, 500, expires_after=None)
    return Transfer.objects.get(pk=transfers.hold(operation_id=uuid.uuid4(), step=step, now=NOW))


def test_rule_3_by_hand_a_pending_transfer_is_not_resolved_twice(pending):
    transfers.void(operation_id=uuid.uuid4(), pending_id=pending.pk, now=NOW)
    with pytest.raises(IntegrityError):
        resolution(pending)


@pytest.mark.parametrize("amounts", [(1, 0), (1, 1)])
def test_rule_3_by_hand_not_more_than_was_held(pending, amounts):
    more, stated = amounts
    with pytest.raises(IntegrityError):
        resolution(pending, amount=pending.amount + more, pending_amount=pending.amount + stated)


def test_rule_3_by_hand_not_between_other_accounts(market, pending):
    with pytest.raises(IntegrityError, match="rule 3"):
        resolution(pending, credit_account_id=market.owners["a"].earnings)


def test_rule_3_by_hand_a_hold_does_not_end_with_more_than_it_held(market, placed):
    market.place(market.terms("c"))  # another answer's money, which must not pay for this one
    posted(placed, market, amount=placed.held_micro_usd + 1)
    with (
        pytest.raises(IntegrityError, match="rule 3"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE accounting_hold SET state = 'voided', ended_at = created_at")


def posted(placed, market, amount):
    with transaction.atomic():
        Transfer.objects.create(
            operation_id=placed.hold_id,
            hold_id=placed.hold_id,
            phase=Phase.POSTED,
            asset="micro_usd",
            debit_account_id=market.wallet,
            credit_account_id=market.owners["a"].earnings,
            amount=amount,
            created_at=NOW,
        )


def test_rule_3_by_hand_an_ended_hold_is_not_opened_again(market, placed):
    market.settle(placed.hold_id, a=(NAT, NAT), b=(0, 0))
    with (
        pytest.raises(IntegrityError, match="rule 3"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE accounting_hold SET state = 'open', ended_at = NULL")


def test_rule_3_by_hand_nothing_moves_for_an_ended_hold(market, placed):
    holds.void(hold_id=placed.hold_id, reason="not started", now=NOW)
    with pytest.raises(IntegrityError, match="rule 3"):
        posted(placed, market, amount=1)


def test_a_durable_write_refuses_to_hide_in_another_transaction(market, placed):
    with transaction.atomic(), pytest.raises(RuntimeError):
        # the test's own transaction is exempt from the rule; the one opened here is not
        holds.void(hold_id=placed.hold_id, reason="nested", now=NOW)
