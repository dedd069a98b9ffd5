"""/v1/payouts: owners ask for what they earned, follow it, take it back; nobody else sees or moves it."""

import csv
import io
import uuid

import pytest
from django.utils import timezone

from accounting.models import Payout
from marketplace import payouts
from marketplace.models import Role
from tests.api.reading import problem
from tests.booking import answer, top_up
from tests.builders import live_source

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]


@pytest.fixture
def earned(cast, settings):
    """The owner has earned 140 micro-USD with two sources, of which one payout takes at least 50."""
    settings.PAYOUT_MINIMUM_MICRO_USD = 50
    live_source(cast.owner)
    live_source(cast.owner, "bestiary")
    top_up(cast.buyer, 10_000)
    answer(cast.buyer, "almanac", 3)
    answer(cast.buyer, "bestiary", 4)
    return cast


def ask(actor, amount=None, **headers):
    body = {} if amount is None else {"amount_micro_usd": amount}
    return actor.api.post("/v1/payouts", body, format="json", **headers)


def standing(actor):
    page = actor.api.get("/v1/payouts").json()
    return tuple(page[f"{name}_micro_usd"] for name in ("available", "held", "on_its_way", "paid"))


def test_a_payout_is_asked_for_approved_and_paid(earned):
    reply = ask(earned.owner, 60)
    assert reply.status_code == 201
    payout = reply.json()
    assert (payout["state"], payout["amount_micro_usd"], payout["requested_by"]) == ("requested", 60, "owner")
    assert standing(earned.owner) == (80, 60, 0, 0)
    moment = {"acting_user": earned.operator.user, "now": timezone.now()}
    payout_id = uuid.UUID(payout["payout_id"])
    payouts.approve(payout_id=payout_id, **moment)
    assert standing(earned.owner) == (80, 0, 60, 0)
    payouts.mark_paid(payout_id=payout_id, external_reference="SEPA 4711", **moment)
    assert standing(earned.owner) == (80, 0, 0, 60)
    shown = earned.owner.api.get(reply["Location"]).json()
    assert (shown["state"], shown["external_reference"]) == ("paid", "SEPA 4711")
    assert shown["paid_at"]


def test_without_an_amount_everything_of_all_sources_is_asked_for(earned):
    assert ask(earned.owner).json()["amount_micro_usd"] == 140


@pytest.mark.parametrize("amount", [49, 0, -1, 2**63])
def test_an_amount_below_the_minimum_or_impossible_is_invalid(earned, amount):
    assert ask(earned.owner, amount).status_code == 422
    assert Payout.objects.count() == 0


def test_the_minimum_is_told(earned):
    refused = problem(ask(earned.owner, 49), 422, "below_payout_minimum")
    assert (
        refused["minimum_micro_usd"] == 50 == earned.owner.api.get("/v1/payouts").json()["minimum_micro_usd"]
    )


def test_more_than_is_available_is_a_conflict_that_says_what_is(earned):
    refused = problem(ask(earned.owner, 141), 409, "insufficient_earnings")
    assert refused["available_micro_usd"] == 140


@pytest.mark.parametrize(
    "body", [{"amount": 60}, {"amount_micro_usd": "much"}, {"amount_micro_usd": 1.5}, []]
)
def test_a_body_that_is_not_understood_is_invalid(earned, body):
    problem(earned.owner.api.post("/v1/payouts", body, format="json"), 422, "invalid")


def test_the_same_key_asks_once_and_another_amount_under_it_is_a_conflict(earned):
    first = ask(earned.owner, 60, HTTP_IDEMPOTENCY_KEY="march")
    again = ask(earned.owner, 60, HTTP_IDEMPOTENCY_KEY="march")
    assert (again.status_code, again.json()) == (201, first.json())
    assert Payout.objects.count() == 1
    problem(ask(earned.owner, 61, HTTP_IDEMPOTENCY_KEY="march"), 409, "idempotency_key_reused")


def test_two_organisations_may_use_the_same_key(earned):
    live_source(earned.second_owner, "chronicle")
    answer(earned.buyer, "chronicle", 3)
    for actor in (earned.owner, earned.second_owner):
        assert ask(actor, 60, HTTP_IDEMPOTENCY_KEY="march").status_code == 201


def test_a_request_is_cancelled_until_it_is_decided(earned):
    payout_id = ask(earned.owner, 60).json()["payout_id"]
    address = f"/v1/payouts/{payout_id}/cancel"
    assert earned.owner.api.post(address).json()["state"] == "cancelled"
    assert earned.owner.api.post(address).status_code == 200
    assert standing(earned.owner) == (140, 0, 0, 0)
    decided = uuid.UUID(ask(earned.owner, 60).json()["payout_id"])
    payouts.approve(payout_id=decided, acting_user=earned.operator.user, now=timezone.now())
    problem(earned.owner.api.post(f"/v1/payouts/{decided}/cancel"), 409, "payout_decided")


def test_payouts_are_listed_newest_first_and_as_csv(earned):
    for amount in (50, 60):
        ask(earned.owner, amount)
    rows = earned.owner.api.get("/v1/payouts").json()["results"]
    assert [one["amount_micro_usd"] for one in rows] == [60, 50]
    reply = earned.owner.api.get("/v1/payouts?format=csv")
    lines = list(csv.DictReader(io.StringIO(reply.getvalue().decode())))
    assert [(one["amount_micro_usd"], one["state"]) for one in lines] == [
        ("50", "requested"),
        ("60", "requested"),
    ]


def test_another_organisation_sees_and_moves_nothing(earned):
    payout_id = ask(earned.owner, 60).json()["payout_id"]
    for actor in (earned.second_owner, earned.buyer, earned.outsider, earned.operator):
        problem(actor.api.get(f"/v1/payouts/{payout_id}"), 404, "not_found")
        problem(actor.api.post(f"/v1/payouts/{payout_id}/cancel"), 404, "not_found")
        assert actor.api.get("/v1/payouts").json()["results"] == []
        assert ask(actor, 60).status_code == 409
    problem(earned.stranger.get("/v1/payouts"), 401, "unauthenticated")


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_who_does_not_keep_the_money_may_look_and_not_ask(earned, role):
    colleague = earned.owner.colleague(role)
    assert colleague.api.get("/v1/payouts").status_code == 200
    problem(ask(colleague, 60), 403, "permission_denied")


def test_finance_may_ask(earned):
    assert ask(earned.owner.colleague(Role.FINANCE), 60).status_code == 201


def test_a_key_needs_the_scope(earned):
    problem(earned.owner.key_for("account", "sources").get("/v1/payouts"), 403, "permission_denied")
    assert earned.owner.key_for("payouts").get("/v1/payouts").status_code == 200


@pytest.mark.parametrize("step", ["approve", "refuse", "mark_paid", "mark_returned"])
def test_only_an_operator_decides(earned, step):
    from accounting.errors import PermissionDenied

    payout_id = uuid.UUID(ask(earned.owner, 60).json()["payout_id"])
    said = {
        "refuse": {"reason": "no"},
        "mark_paid": {"external_reference": "1"},
        "mark_returned": {"reason": "no"},
    }
    with pytest.raises(PermissionDenied):
        getattr(payouts, step)(
            payout_id=payout_id, acting_user=earned.owner.user, now=timezone.now(), **said.get(step, {})
        )
    assert standing(earned.owner) == (80, 60, 0, 0)
