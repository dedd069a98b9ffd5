"""The portal's wallet: asking for a top-up, going on to pay, and movements that lead somewhere and sum up."""

import csv
import io
import re
import uuid

import pytest
from django.utils import timezone

from accounting.models import TopUp
from marketplace.models import Role
from tests.booking import answer
from tests.booking import top_up as by_hand
from tests.builders import live_source
from tests.cast import Cast
from tests.pages.scene import pay
from tests.pages.test_every_page import assert_is_a_good_page
from tests.payments.stripe_here import deliver, paid, refunded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("named_core")]


def press(cast: Cast, amount: str = "25", operation_id: object = None):
    values = {"amount_usd": amount, "operation_id": str(operation_id or uuid.uuid4())}
    return cast.buyer.browser.post("/wallet", values)


def test_a_top_up_leads_over_its_own_page_to_stripe(cast: Cast, network):
    reply = press(cast)
    top_up = TopUp.objects.get()
    assert reply.headers["Location"] == f"/wallet/top-ups/{top_up.pk}"
    page = cast.buyer.browser.get(reply.headers["Location"])
    assert_is_a_good_page("top-up", page)
    assert f'href="/wallet/top-ups/{top_up.pk}/pay"' in page.content.decode()
    on = cast.buyer.browser.get(f"/wallet/top-ups/{top_up.pk}/pay")
    assert (on.status_code, on.headers["Location"]) == (302, top_up.checkout_url)
    assert network.asked[0].form["success_url"] == f"http://testserver/wallet/top-ups/{top_up.pk}"


def test_pressing_twice_is_one_top_up(cast: Cast, network):
    form_id = re.search(
        r'name="operation_id" value="([0-9a-f-]+)"', cast.buyer.browser.get("/wallet").content.decode()
    )
    assert form_id
    first, again = press(cast, operation_id=form_id[1]), press(cast, operation_id=form_id[1])
    assert first.headers["Location"] == again.headers["Location"]
    assert len(network.asked) == 1


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("0.49", "greater than or equal to 0.50"),
        ("1.001", "2 decimal places"),
        ("", "required"),
        ("x", "number"),
    ],
)
def test_an_amount_that_cannot_be_paid_is_said_beside_the_field(cast: Cast, network, amount, says):
    reply = press(cast, amount)
    assert reply.status_code == 422
    assert says in reply.content.decode()
    assert not network.asked


def test_stripe_that_does_not_answer_is_said_on_the_page(cast: Cast, network):
    network.broken = True
    reply = press(cast)
    assert reply.status_code == 422
    assert "Stripe did not begin the payment; nothing was charged." in reply.content.decode()
    assert "Not paid yet" in reply.content.decode()


def test_without_stripe_the_page_says_whom_to_ask(cast: Cast, settings):
    settings.STRIPE_SECRET_KEY = ""
    page = cast.buyer.browser.get("/wallet").content.decode()
    assert "Payments by card are switched off" in page
    assert "Go on to payment" not in page
    assert press(cast).status_code == 422


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_who_is_no_treasurer_reads_but_does_not_pay(cast: Cast, network, role):
    top_up = TopUp.objects.get(pk=press(cast).headers["Location"].rsplit("/", 1)[1])
    reader = cast.buyer.colleague(role).browser
    assert "Go on to payment" not in reader.get("/wallet").content.decode()
    values = {"amount_usd": "25", "operation_id": str(uuid.uuid4())}
    assert reader.post("/wallet", values).status_code == 403
    assert reader.get(f"/wallet/top-ups/{top_up.pk}").status_code == 200
    assert reader.get(f"/wallet/top-ups/{top_up.pk}/pay").status_code == 404


def test_another_organisations_top_up_does_not_exist(cast: Cast, network):
    address = press(cast).headers["Location"]
    for who in (cast.outsider, cast.owner, cast.operator):
        assert who.browser.get(address).status_code == 404
        assert who.browser.get(f"{address}/pay").status_code == 404
    assert cast.stranger.get(address).status_code == 302


def test_what_was_paid_is_not_paid_again(cast: Cast, network):
    address = press(cast).headers["Location"]
    deliver(cast.stranger, paid(address.rsplit("/", 1)[1]))
    assert "Pay on Stripe" not in cast.buyer.browser.get(address).content.decode()
    assert cast.buyer.browser.get(f"{address}/pay").status_code == 404


def a_month(cast: Cast) -> None:
    address = press(cast).headers["Location"]
    deliver(cast.stranger, paid(address.rsplit("/", 1)[1]))
    source = live_source(cast.owner, price_micro_usd_per_nat=1_000_000)
    pay(cast.buyer, {source: 3.0}, timezone.now())
    by_hand(cast.buyer, 5_000_000)
    deliver(cast.stranger, refunded(1000))


def test_movements_lead_to_receipts_and_top_ups_and_sum_to_the_balance(cast: Cast, network):
    a_month(cast)
    rows = list(csv.DictReader(io.StringIO(cast.buyer.browser.get("/wallet.csv").getvalue().decode())))
    assert [row["what"] for row in rows] == ["top-up refunded", "top-up", "answer", "top-up"]
    assert (
        sum(int(row["amount_micro_usd"]) for row in rows) == 25_000_000 - 3_150_000 + 5_000_000 - 10_000_000
    )
    balance = cast.buyer.api.get("/v1/account").json()["balance_micro_usd"]
    assert sum(int(row["amount_micro_usd"]) for row in rows) == balance
    browser = cast.buyer.browser
    page = browser.get("/wallet").content.decode()
    for row in rows:
        address = (
            f"/receipts/{row['receipt_id']}" if row["receipt_id"] else f"/wallet/top-ups/{row['top_up_id']}"
        )
        assert f'href="{address}"' in page
        assert browser.get(address).status_code == 200


def test_what_is_owed_is_said_on_the_page(cast: Cast, network):
    a_month(cast)
    assert "are owed" not in cast.buyer.browser.get("/wallet").content.decode()
    answer(cast.buyer, "almanac", 10)
    deliver(cast.stranger, refunded(2500))
    page = cast.buyer.browser.get("/wallet")
    assert_is_a_good_page("/wallet", page)
    assert "$8.65<i>0000</i></span> are owed." in page.content.decode()


def test_long_lists_are_cut_into_pages(cast: Cast, network):
    for _ in range(30):
        by_hand(cast.buyer, 1_000)
    browser = cast.buyer.browser
    assert browser.get("/wallet").content.decode().count('data-label="Amount"') == 25
    assert browser.get("/wallet?page=2").content.decode().count('data-label="Amount"') == 5
