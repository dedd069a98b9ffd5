"""A correction is a transfer back that names what it reverses, and never more than that moved."""

import uuid

import pytest
from django.db import IntegrityError, transaction

from accounting import ledger, transfers
from accounting.accounts import AccountKind, system_accounts
from accounting.check import check
from accounting.errors import Conflict, Invalid, NotFound
from accounting.models import Phase, Transfer
from accounting.transfers import HoldStep, PostHeldStep, PostStep
from tests.accounting.conftest import NOW

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture
def funding(db):
    return system_accounts((AccountKind.FUNDING,))[AccountKind.FUNDING]


@pytest.fixture
def paid(market, funding):
    """A transfer of 100 micro-USD out of the wallet."""
    return transfers.post(operation_id=uuid.uuid4(), step=PostStep(market.wallet, funding, 100), now=NOW)


def reverse(original, debit, credit, amount):
    step = PostStep(debit, credit, amount, reverses=original)
    return transfers.post(operation_id=uuid.uuid4(), step=step, now=NOW)


def test_a_transfer_is_reversed_in_parts_up_to_what_it_moved(market, funding, paid):
    reverse(paid, funding, market.wallet, 60)
    reverse(paid, funding, market.wallet, 40)
    assert ledger.balance(market.wallet).posted == 1_000_000
    with pytest.raises(Conflict, match="0 can still be reversed, not 1") as refused:
        reverse(paid, funding, market.wallet, 1)
    assert refused.value.code == "above_original"
    assert check(now=NOW).sound


def test_linked_reversals_count_together(market, funding, paid):
    steps = [PostStep(funding, market.wallet, 60, reverses=paid)] * 2
    with pytest.raises(Conflict) as refused:
        transfers.linked(operation_id=uuid.uuid4(), steps=steps, now=NOW)
    assert refused.value.extra["step"] == 1
    assert ledger.balance(market.wallet).posted == 999_900


def test_a_reversal_runs_between_the_same_accounts(market, funding, paid):
    with pytest.raises(Invalid, match="opposite direction"):
        reverse(paid, market.wallet, funding, 10)


def test_what_moved_nothing_cannot_be_reversed(market, funding):
    step = HoldStep(market.wallet, funding, 100)
    held = transfers.hold(operation_id=uuid.uuid4(), step=step, now=NOW)
    with pytest.raises(Conflict) as refused:
        reverse(held, funding, market.wallet, 10)
    assert refused.value.code == "nothing_moved"
    with pytest.raises(NotFound):
        reverse(uuid.uuid4(), funding, market.wallet, 10)


def test_of_a_hold_that_was_posted_in_part_only_the_part_is_reversed(market, funding):
    step = HoldStep(market.wallet, funding, 100)
    held = transfers.hold(operation_id=uuid.uuid4(), step=step, now=NOW)
    moved = transfers.linked(operation_id=uuid.uuid4(), steps=[PostHeldStep(held, 30)], now=NOW)[0]
    with pytest.raises(Conflict):
        reverse(moved, funding, market.wallet, 31)
    reverse(moved, funding, market.wallet, 30)


def test_a_reversal_needs_the_money_to_be_there(market, funding):
    back_in = transfers.post(operation_id=uuid.uuid4(), step=PostStep(funding, market.wallet, 100), now=NOW)
    spend = PostStep(market.wallet, funding, 1_000_050)
    transfers.post(operation_id=uuid.uuid4(), step=spend, now=NOW)
    with pytest.raises(Conflict) as refused:
        reverse(back_in, market.wallet, funding, 51)
    assert refused.value.code == "insufficient_funds"


@pytest.mark.parametrize(
    ("turned", "amount", "phase"),
    [(True, 101, Phase.POSTED), (False, 10, Phase.POSTED), (True, 10, Phase.PENDING)],
    ids=["too much", "same direction", "not posted"],
)
def test_the_database_refuses_a_wrong_reversal_by_itself(market, funding, paid, turned, amount, phase):
    sides = (funding, market.wallet) if turned else (market.wallet, funding)
    operation = Transfer.objects.get(pk=paid).operation
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(
            operation=operation, phase=phase, asset="micro_usd", debit_account_id=sides[0],
            credit_account_id=sides[1], amount=amount, reverses_id=paid, created_at=NOW,
        )  # fmt: skip
