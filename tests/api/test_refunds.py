"""A refund over the API: the buyer sees all of it, an owner the own part, nobody else anything."""

import uuid

import pytest
from django.utils import timezone

from accounting import budgets, settlement
from accounting.errors import PermissionDenied
from accounting.models import Receipt, Refund
from marketplace import refunds
from marketplace.models import WindowBudget
from tests.api.reading import problem
from tests.booking import NAT, answer, hold, top_up
from tests.builders import live_source

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]


@pytest.fixture
def bought(cast):
    """The buyer has paid 60 and a fee of 3 for an answer that rested on the owner's almanac."""
    live_source(cast.owner)
    top_up(cast.buyer, 10_000)
    answer(cast.buyer, "almanac", 3)
    return cast


def give(actor, amount=None, **changes):
    chosen = {
        "receipt_id": Receipt.objects.get().pk,
        "amount_micro_usd": amount,
        "reason": "The answer was empty.",
        "operation_id": uuid.uuid4(),
        "acting_user": actor.user,
        "now": timezone.now(),
    }
    return refunds.refund(**{**chosen, **changes})


def seen_by(actor):
    return actor.api.get(f"/v1/receipts/{Receipt.objects.get().pk}")


def test_a_receipt_without_refunds_says_so(bought):
    body = seen_by(bought.buyer).json()
    assert (body["refunded_micro_usd"], body["refunds"]) == (0, [])


def test_the_buyer_sees_every_refund_with_its_parts(bought):
    first = give(bought.operator, 21)
    give(bought.operator)
    body = seen_by(bought.buyer).json()
    assert body["refunded_micro_usd"] == 63
    assert body["refunds"][0]["refund_id"] == str(first.pk)
    assert body["refunds"][0]["reason"] == "The answer was empty."
    assert body["refunds"][0]["parts"] == [
        {"source": "almanac", "amount_micro_usd": 20},
        {"source": None, "amount_micro_usd": 1},
    ]
    account = bought.buyer.api.get("/v1/account").json()
    assert account["balance_micro_usd"] == 10_000


def test_an_owner_sees_what_own_sources_gave_back(bought):
    give(bought.operator, 21)
    body = seen_by(bought.owner).json()
    assert body["refunded_micro_usd"] == 20
    assert body["refunds"][0]["parts"] == [{"source": "almanac", "amount_micro_usd": 20}]
    earnings = bought.owner.api.get("/v1/sources/almanac/earnings").json()
    assert (earnings["earned_micro_usd"], earnings["refunded_micro_usd"]) == (60, 20)
    assert bought.owner.api.get("/v1/payouts").json()["available_micro_usd"] == 40


def test_what_was_signed_stays_as_it_was(bought):
    before = seen_by(bought.buyer).json()["jws"]
    give(bought.operator)
    receipt = Receipt.objects.get()
    assert seen_by(bought.buyer).json()["jws"] == before == receipt.jws


def test_nobody_else_sees_the_receipt_or_its_refunds(bought):
    give(bought.operator)
    for actor in (bought.second_owner, bought.outsider, bought.operator):
        problem(seen_by(actor), 404, "not_found")


@pytest.mark.parametrize("who", ["owner", "second_owner", "buyer", "outsider"])
def test_only_an_operator_refunds(bought, who):
    with pytest.raises(PermissionDenied):
        give(getattr(bought, who))
    with pytest.raises(PermissionDenied):
        refunds.give_back_influence(
            receipt_id=Receipt.objects.get().pk, reason="x", operation_id=uuid.uuid4(),
            acting_user=getattr(bought, who).user, now=timezone.now(),
        )  # fmt: skip
    assert not Refund.objects.exists()


def test_nats_come_back_to_lasting_and_calendar_budgets_and_not_to_rolling_ones(cast):
    windows = [
        {"per": "hour", "kind": kind, "consumers": "all", "nats": 50} for kind in ("calendar", "rolling")
    ]
    source = live_source(cast.owner, influence_nats={"windows": windows, "lifetime": 100})
    top_up(cast.buyer, 10_000)
    usage = [settlement.Usage("almanac", drawn_nano_nats=4 * NAT, charged_nano_nats=0)]
    settlement.settle(
        hold_id=hold(cast.buyer, "almanac"), usage=usage, tokens_drawn=9, tokens_delivered=0,
        receipt=lambda _settled: {}, now=timezone.now(),
    )  # fmt: skip
    refunds.give_back_influence(
        receipt_id=Receipt.objects.get().pk, reason="The engine failed.", operation_id=uuid.uuid4(),
        acting_user=cast.operator.user, now=timezone.now(),
    )  # fmt: skip
    kinds = dict(WindowBudget.objects.values_list("kind", "account_id"))
    spent = {kind: budgets.state(account_id).spent for kind, account_id in kinds.items()}
    assert spent == {"calendar": 0, "rolling": 4 * NAT}
    assert budgets.state(source.budget_account_id).spent == 0
