"""Payouts in the portal and in the console: asked for, decided, sent, and who gets no button."""

import re
import uuid
from typing import Any

import pytest
from django.urls import reverse

from accounting.models import AuditEvent, Payout, PayoutState
from marketplace.models import Role
from tests.cast import Actor, Cast
from tests.pages.scene import Scene

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_low_minimum(settings: Any) -> None:
    settings.PAYOUT_MINIMUM_MICRO_USD = 50


def ask(actor: Actor, **values: str) -> str:
    sent = {"amount_usd": "", "operation_id": str(uuid.uuid4()), **values}
    reply = actor.browser.post("/earnings/payouts", sent, follow=True)
    return reply.content.decode()


def decide(scene: Scene, step: str, **values: str) -> Payout:
    payout = Payout.objects.get()
    address = reverse(f"admin:accounting_payout_{step}", args=[payout.pk])
    scene.cast.operator.browser.post(address, {"_form_submitted": "True", **values}, follow=True)
    payout.refresh_from_db()
    return payout


def test_an_owner_asks_and_sees_it_held(scene: Scene) -> None:
    page = ask(scene.cast.owner, amount_usd="0.01")
    assert "held until an operator decides" in page
    assert Payout.objects.get().amount_micro_usd == 10_000
    assert re.search(r"<dt>Held</dt><dd><span class=\"money\">\$0.01", page)


def test_pressing_twice_asks_once(scene: Scene) -> None:
    operation_id = str(uuid.uuid4())
    for _ in range(2):
        ask(scene.cast.owner, amount_usd="0.01", operation_id=operation_id)
    assert Payout.objects.count() == 1


def test_a_refusal_stays_beside_the_form(scene: Scene) -> None:
    reply = scene.cast.owner.browser.post(
        "/earnings/payouts", {"amount_usd": "99999", "operation_id": str(uuid.uuid4())}
    )
    assert reply.status_code == 422
    assert "of earnings are available" in reply.content.decode()
    assert 'value="99999"' in reply.content.decode()


def test_a_request_is_taken_back(scene: Scene) -> None:
    ask(scene.cast.owner, amount_usd="0.01")
    payout = Payout.objects.get()
    address = f"/earnings/payouts/{payout.pk}/cancel"
    for who in ("second_owner", "outsider"):
        assert getattr(scene.cast, who).browser.post(address).status_code == 404
    assert scene.cast.owner.browser.get(address).status_code == 405
    page = scene.cast.owner.browser.post(address, follow=True).content.decode()
    assert "its money is available" in page
    payout.refresh_from_db()
    assert payout.state == PayoutState.CANCELLED


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_who_does_not_keep_the_money_gets_no_form(scene: Scene, role: Role) -> None:
    browser = scene.cast.owner.colleague(role).browser
    assert "Ask for it" not in browser.get("/earnings/payouts").content.decode()
    sent = {"amount_usd": "0.01", "operation_id": str(uuid.uuid4())}
    assert browser.post("/earnings/payouts", sent).status_code == 403
    assert not Payout.objects.exists()


def test_without_earnings_the_page_says_what_a_payout_takes(cast: Cast) -> None:
    page = cast.outsider.browser.get("/earnings/payouts").content.decode()
    assert "No payout yet. One is at least $0.000050." in page


def test_an_operator_approves_and_marks_as_paid(scene: Scene) -> None:
    ask(scene.cast.owner, amount_usd="0.01")
    assert decide(scene, "approve").state == PayoutState.APPROVED
    paid = decide(scene, "mark_paid", external_reference="SEPA 4711")
    assert (paid.state, paid.external_reference) == (PayoutState.PAID, "SEPA 4711")
    assert "SEPA 4711" in scene.cast.owner.browser.get("/earnings/payouts").content.decode()
    assert AuditEvent.objects.latest("pk").actor == "operator"
    assert decide(scene, "mark_returned", reason="account closed").state == PayoutState.RETURNED


def test_an_operator_refuses_with_a_reason_that_the_owner_reads(scene: Scene) -> None:
    ask(scene.cast.owner, amount_usd="0.01")
    assert decide(scene, "refuse").state == PayoutState.REQUESTED  # a reason is needed
    assert decide(scene, "refuse", reason="Unknown bank").state == PayoutState.REFUSED
    assert "Unknown bank" in scene.cast.owner.browser.get("/earnings/payouts").content.decode()


def test_both_sides_download_the_list(scene: Scene) -> None:
    ask(scene.cast.owner, amount_usd="0.01")
    for browser, address in (
        (scene.cast.owner.browser, "/earnings/payouts.csv"),
        (scene.cast.operator.browser, reverse("admin:accounting_payout_as_csv")),
    ):
        reply = browser.get(address)
        assert reply["Content-Type"].startswith("text/csv")
        assert ",10000,requested," in reply.content.decode()


def test_an_owner_decides_nothing(scene: Scene) -> None:
    ask(scene.cast.owner, amount_usd="0.01")
    payout = Payout.objects.get()
    address = reverse("admin:accounting_payout_approve", args=[payout.pk])
    assert scene.cast.owner.browser.post(address, {"_form_submitted": "True"}).status_code == 302
    payout.refresh_from_db()
    assert payout.state == PayoutState.REQUESTED
