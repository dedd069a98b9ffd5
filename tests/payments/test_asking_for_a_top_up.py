"""POST /v1/account/top-ups: one checkout for one wish, on the official package, without a network."""

import uuid
from datetime import timedelta

import pytest

from accounting.models import AuditEvent, TopUp
from marketplace.models import Role
from tests.api.reading import problem
from tests.cast import Cast

pytestmark = [pytest.mark.books, pytest.mark.django_db]
ADDRESS = "/v1/account/top-ups"


def ask(client, amount=25_000_000, key=None):
    headers = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
    return client.post(ADDRESS, {"amount_micro_usd": amount}, format="json", **headers)


def test_a_buyer_gets_a_checkout_and_nothing_is_credited_yet(cast: Cast, network):
    reply = ask(cast.buyer.api)
    assert reply.status_code == 201
    body = reply.json()
    assert (body["state"], body["amount_micro_usd"], body["provider"]) == ("open", 25_000_000, "stripe")
    assert body["checkout_url"].startswith("https://checkout.stripe.com/")
    assert reply.headers["Location"] == f"{ADDRESS}/{body['id']}"
    assert cast.buyer.api.get("/v1/account").json()["balance_micro_usd"] == 0
    event = AuditEvent.objects.get(action="top_up.requested")
    assert (event.actor, event.organisation_slug) == ("buyer", "buyer")


def test_stripe_is_asked_for_exactly_this_payment_under_our_id(cast: Cast, network):
    made = ask(cast.buyer.api).json()["id"]
    (asked,) = network.asked
    assert (asked.method, asked.url) == ("post", "https://api.stripe.com/v1/checkout/sessions")
    assert asked.headers["Idempotency-Key"] == made
    assert asked.headers["Stripe-Version"] == "2026-10-28.endive"
    assert asked.form == {
        "mode": "payment",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "2500",
        "line_items[0][price_data][product_data][name]": "Wallet of Buyer",
        "client_reference_id": made,
        "metadata[top_up]": made,
        "payment_intent_data[metadata][top_up]": made,
        "adaptive_pricing[enabled]": "false",
        "success_url": asked.form["success_url"],
        "cancel_url": asked.form["success_url"],
    }
    assert asked.form["success_url"].startswith("http://testserver/")


def test_the_same_key_and_amount_is_one_checkout_and_another_amount_a_conflict(cast: Cast, network):
    first, again = ask(cast.buyer.api, key="mine").json(), ask(cast.buyer.api, key="mine").json()
    assert first == again
    assert len(network.asked) == 1
    problem(ask(cast.buyer.api, 50_000_000, key="mine"), 409, "conflict")
    assert ask(cast.outsider.api, key="mine").json()["id"] != first["id"]
    assert TopUp.objects.count() == 2


def test_a_repeat_after_a_lost_answer_asks_stripe_again_under_the_same_id(cast: Cast, network):
    network.broken = True
    problem(ask(cast.buyer.api, key="mine"), 503, "provider_unavailable")
    assert TopUp.objects.get().state == "requested"
    network.broken = False
    assert ask(cast.buyer.api, key="mine").json()["state"] == "open"
    assert len({asked.headers["Idempotency-Key"] for asked in network.asked}) == 1


def test_a_wish_older_than_stripes_memory_begins_no_second_checkout(cast: Cast, network, monkeypatch):
    network.broken = True
    ask(cast.buyer.api, key="mine")
    network.broken = False
    monkeypatch.setattr("accounting.payments.top_ups.SAME_CHECKOUT_FOR", timedelta(days=-1))
    problem(ask(cast.buyer.api, key="mine"), 409, "top_up_too_old")


def test_what_stripe_refuses_is_said_without_its_secrets(cast: Cast, network):
    network.status = 400
    refused = problem(ask(cast.buyer.api), 503, "provider_unavailable")
    assert refused["provider_code"] == "amount_too_small"
    assert "sk_test" not in str(refused)


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (25_000_001, "not_whole_cents"),
        (490_000, "amount_out_of_range"),
        (10**13, "amount_out_of_range"),
        (0, "invalid"),
        (-10_000, "invalid"),
        ("many", "invalid"),
        (2.5, "invalid"),
        (10**30, "invalid"),
    ],
)
def test_amounts_that_cannot_be_paid_are_refused(cast: Cast, network, amount, code):
    problem(ask(cast.buyer.api, amount), 422, code)
    assert not network.asked
    assert not TopUp.objects.exists()


def test_without_a_secret_key_the_provider_is_off_and_says_so(cast: Cast, settings):
    settings.STRIPE_SECRET_KEY = ""
    refused = problem(ask(cast.buyer.api), 503, "provider_off")
    assert "operator" in refused["next_step"]


@pytest.mark.parametrize(("role", "status"), [(Role.FINANCE, 201), (Role.EDITOR, 403), (Role.VIEWER, 403)])
def test_treasurers_may_ask_and_others_may_not(cast: Cast, network, role, status):
    assert ask(cast.buyer.colleague(role).api).status_code == status


def test_a_stranger_and_a_key_without_the_scope_may_not(cast: Cast, network):
    assert ask(cast.stranger).status_code == 401
    assert ask(cast.buyer.key_for("answers")).status_code == 403
    assert not TopUp.objects.exists()


def test_top_ups_are_listed_and_shown_to_their_organisation_only(cast: Cast, network):
    made = ask(cast.buyer.api).json()
    assert [one["id"] for one in cast.buyer.api.get(ADDRESS).json()["results"]] == [made["id"]]
    assert cast.buyer.api.get(f"{ADDRESS}/{made['id']}").json() == made
    for other in (cast.outsider, cast.owner, cast.operator):
        assert other.api.get(ADDRESS).json()["results"] == []
        problem(other.api.get(f"{ADDRESS}/{made['id']}"), 404, "not_found")
    problem(cast.buyer.api.get(f"{ADDRESS}/{uuid.uuid4()}"), 404, "not_found")
