"""/webhooks/stripe: only what Stripe signed lately is believed, and only what was asked for is credited."""

import json
import time
import uuid

import pytest

from accounting.models import AuditEvent, PaymentEvent, TopUp
from tests.api.reading import problem
from tests.cast import Cast
from tests.payments.stripe_here import deliver, disputed, event, paid, refunded, signature

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture
def top_up(cast: Cast, network) -> str:
    """25 dollars, asked for and not paid yet."""
    reply = cast.buyer.api.post("/v1/account/top-ups", {"amount_micro_usd": 25_000_000}, format="json")
    return str(reply.json()["id"])


def balance(cast: Cast) -> int:
    return int(cast.buyer.api.get("/v1/account").json()["balance_micro_usd"])


def state(top_up: str) -> str:
    return TopUp.objects.get(pk=top_up).state


def test_a_paid_session_credits_the_wallet(cast: Cast, top_up):
    reply = deliver(cast.stranger, paid(top_up))
    assert (reply.status_code, reply.json()["outcome"]) == (200, "done")
    assert balance(cast) == 25_000_000
    shown = cast.buyer.api.get(f"/v1/account/top-ups/{top_up}").json()
    assert (shown["state"], shown["checkout_url"]) == ("paid", None)
    assert AuditEvent.objects.get(action="top_up.paid").actor == "stripe"


def test_the_same_event_twice_and_a_second_event_of_the_same_payment_credit_once(cast: Cast, top_up):
    told = paid(top_up)
    outcomes = [
        deliver(cast.stranger, one).json()["outcome"]
        for one in (told, told, paid(top_up), paid(top_up, kind="checkout.session.async_payment_succeeded"))
    ]
    assert outcomes == ["done", "done", "nothing", "nothing"]
    assert balance(cast) == 25_000_000


def test_a_slow_payment_is_credited_when_it_succeeds_and_not_before(cast: Cast, top_up):
    assert deliver(cast.stranger, paid(top_up, payment_status="unpaid")).json()["outcome"] == "nothing"
    assert balance(cast) == 0
    deliver(cast.stranger, paid(top_up, kind="checkout.session.async_payment_succeeded"))
    assert balance(cast) == 25_000_000


def test_a_slow_payment_whose_events_come_in_the_wrong_order_is_credited_once(cast: Cast, top_up):
    deliver(cast.stranger, paid(top_up, kind="checkout.session.async_payment_succeeded"))
    deliver(cast.stranger, paid(top_up, payment_status="unpaid"))
    assert balance(cast) == 25_000_000


@pytest.mark.parametrize(
    ("kind", "becomes"),
    [("checkout.session.async_payment_failed", "failed"), ("checkout.session.expired", "expired")],
)
def test_what_was_not_paid_says_so_and_never_undoes_a_payment(cast: Cast, top_up, kind, becomes):
    deliver(cast.stranger, paid(top_up, kind=kind, payment_status="unpaid"))
    assert (state(top_up), balance(cast)) == (becomes, 0)
    deliver(cast.stranger, paid(top_up))
    deliver(cast.stranger, paid(top_up, kind=kind, payment_status="unpaid"))
    assert (state(top_up), balance(cast)) == ("paid", 25_000_000)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"currency": "eur"}, "It was paid in 'eur', not in 'usd'."),
        ({"amount_total": 2499}, "2499 cents were paid, not 2500."),
        ({"amount_total": 250_000}, "250000 cents were paid, not 2500."),
        ({"amount_total": None}, "0 cents were paid, not 2500."),
    ],
)
def test_another_currency_or_amount_is_kept_for_the_operator_and_credits_nothing(
    cast: Cast, top_up, changes, says
):
    told = paid(top_up)
    told["data"]["object"].update(changes)
    assert deliver(cast.stranger, told).json()["outcome"] == "refused"
    assert PaymentEvent.objects.get(pk=told["id"]).note == says
    assert (state(top_up), balance(cast)) == ("open", 0)


def test_an_unknown_top_up_is_refused_and_a_session_that_is_not_ours_is_nothing(cast: Cast, top_up):
    assert deliver(cast.stranger, paid(uuid.uuid4())).json()["outcome"] == "refused"
    assert deliver(cast.stranger, paid(top_up, metadata={})).json()["outcome"] == "nothing"
    assert deliver(cast.stranger, paid(top_up, metadata={"top_up": "7"})).json()["outcome"] == "nothing"
    assert balance(cast) == 0


def test_a_second_payment_of_one_top_up_is_not_credited_and_its_refund_takes_nothing(cast: Cast, top_up):
    deliver(cast.stranger, paid(top_up))
    assert deliver(cast.stranger, paid(top_up, payment_intent="pi_second")).json()["outcome"] == "refused"
    assert deliver(cast.stranger, refunded(2500, payment_intent="pi_second")).json()["outcome"] == "waiting"
    assert balance(cast) == 25_000_000


def test_one_payment_pays_one_top_up(cast: Cast, top_up):
    other = cast.buyer.api.post("/v1/account/top-ups", {"amount_micro_usd": 25_000_000}, format="json")
    deliver(cast.stranger, paid(top_up))
    assert deliver(cast.stranger, paid(other.json()["id"])).json()["outcome"] == "refused"
    assert balance(cast) == 25_000_000


def test_a_payment_in_an_operators_name_cannot_be_confirmed_by_stripe(cast: Cast, network):
    from tests.booking import top_up as by_hand

    by_hand(cast.buyer, 10_000)
    manual = TopUp.objects.get()
    assert deliver(cast.stranger, paid(manual.pk, cents=1)).json()["outcome"] == "refused"
    assert balance(cast) == 10_000


@pytest.mark.parametrize("kind", ["invoice.paid", "payment_intent.succeeded", "something.new"])
def test_unknown_events_are_acknowledged_and_kept(cast: Cast, network, kind):
    told = event("charge.refunded", kind=kind)
    assert deliver(cast.stranger, told).json() == {"received": told["id"], "outcome": "nothing"}
    assert PaymentEvent.objects.get(pk=told["id"]).body == told


def refuse(reply) -> None:
    problem(reply, 400, "bad_signature")
    assert not PaymentEvent.objects.exists()


def test_another_secret_is_refused(cast: Cast, top_up):
    refuse(deliver(cast.stranger, paid(top_up), secret="whsec_of_somebody_else"))
    assert balance(cast) == 0


def test_an_old_timestamp_is_refused_though_it_was_signed(cast: Cast, top_up):
    refuse(deliver(cast.stranger, paid(top_up), at=int(time.time()) - 301))
    assert deliver(cast.stranger, paid(top_up), at=int(time.time()) - 200).status_code == 200


def test_a_changed_body_is_refused(cast: Cast, top_up):
    header = signature(json.dumps(paid(top_up)).encode())
    refuse(deliver(cast.stranger, paid(top_up), header=header))


@pytest.mark.parametrize("header", ["", "t=1", "v1=abc", "nonsense", "t=x,v1=y", "t=1,v0=abc"])
def test_a_missing_or_broken_signature_is_refused(cast: Cast, network, header):
    payload = json.dumps(paid(uuid.uuid4())).encode()
    refuse(
        cast.stranger.post(
            "/webhooks/stripe", payload, content_type="application/json", HTTP_STRIPE_SIGNATURE=header
        )
    )


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"7", b'"text"', b"{}", b"\xff\xfe", b"null"])
def test_signed_nonsense_is_a_400_and_never_a_500(cast: Cast, network, payload):
    reply = cast.stranger.post(
        "/webhooks/stripe",
        payload,
        content_type="application/json",
        HTTP_STRIPE_SIGNATURE=signature(
            payload.decode("latin-1").encode() if payload == b"\xff\xfe" else payload
        ),
    )
    refuse(reply)


def test_without_a_webhook_secret_nothing_is_believed(cast: Cast, top_up, settings):
    settings.STRIPE_WEBHOOK_SECRET = ""
    problem(deliver(cast.stranger, paid(top_up), secret=""), 503, "provider_off")
    assert balance(cast) == 0


def test_a_webhook_is_posted_and_never_read(cast: Cast, network):
    assert cast.stranger.get("/webhooks/stripe").status_code == 405


def test_a_dispute_of_a_payment_that_is_not_ours_waits_and_changes_nothing(cast: Cast, top_up):
    assert deliver(cast.stranger, disputed("needs_response")).json()["outcome"] == "waiting"
    assert deliver(cast.stranger, disputed("lost", payment_intent=None)).json()["outcome"] == "nothing"
    assert balance(cast) == 0
