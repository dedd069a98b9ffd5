"""Refunds in the console and on the receipt's page."""

import uuid

import pytest
from django.urls import reverse

from accounting.models import AuditEvent, Refund
from tests.cast import Actor
from tests.pages.scene import Scene

pytestmark = pytest.mark.django_db


def press(scene: Scene, actor: Actor, action: str = "refund", **values: str) -> str:
    address = reverse(f"admin:accounting_receipt_{action}", args=[scene.receipt.pk])
    sent = {"_form_submitted": "True", "operation_id": str(uuid.uuid4()), **values}
    return actor.browser.post(address, sent, follow=True).content.decode()


def page_of(scene: Scene, actor: Actor) -> str:
    return actor.browser.get(f"/receipts/{scene.receipt.pk}").content.decode()


def test_an_operator_refunds_a_part_and_everybody_concerned_reads_it(scene: Scene) -> None:
    assert "Refunded to the buyer" in press(scene, scene.cast.operator, amount_usd="0.01", reason="Empty")
    refund = Refund.objects.get()
    assert (refund.amount_micro_usd, refund.made_by, refund.reason) == (10_000, "operator", "Empty")
    assert AuditEvent.objects.latest("pk").organisation_slug == "buyer"
    buyer, owner = page_of(scene, scene.cast.buyer), page_of(scene, scene.cast.owner)
    assert "fee of the market" in buyer
    assert "<dt>Refunded</dt>" in buyer
    assert "<dt>You gave back</dt>" in owner
    assert "fee of the market" not in owner
    assert "essays" not in owner


def test_without_an_amount_everything_is_refunded(scene: Scene) -> None:
    press(scene, scene.cast.operator, reason="Empty")
    assert Refund.objects.get().amount_micro_usd == scene.receipt.total_micro_usd


def test_pressing_twice_refunds_once(scene: Scene) -> None:
    same = str(uuid.uuid4())
    for _ in range(2):
        press(scene, scene.cast.operator, amount_usd="0.01", reason="Empty", operation_id=same)
    assert Refund.objects.count() == 1


def test_a_reason_is_needed_and_more_than_was_paid_is_refused_in_words(scene: Scene) -> None:
    assert "This field is required" in press(scene, scene.cast.operator, amount_usd="0.01")
    assert "can still be refunded" in press(scene, scene.cast.operator, amount_usd="99", reason="Empty")
    assert not Refund.objects.exists()


def test_influence_of_an_answer_that_left_stays_spent(scene: Scene) -> None:
    said = press(scene, scene.cast.operator, "give_back_influence", reason="Empty")
    assert "so its influence stays spent" in said
    assert not Refund.objects.exists()


def test_an_owner_has_no_such_button(scene: Scene) -> None:
    press(scene, scene.cast.owner, reason="Empty")
    assert not Refund.objects.exists()


def test_a_receipt_without_refunds_has_no_such_section(scene: Scene) -> None:
    assert 'id="refunds"' not in page_of(scene, scene.cast.buyer)


def test_the_dialog_carries_an_id_so_that_pressing_twice_is_once(scene: Scene) -> None:
    address = reverse("admin:accounting_receipt_refund", args=[scene.receipt.pk])
    dialog = scene.cast.operator.browser.get(address).content.decode()
    assert 'name="operation_id"' in dialog
