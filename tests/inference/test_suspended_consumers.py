"""A suspended consumer or key: nothing is admitted, an answer under way ends at its next token."""

from typing import Any

import pytest
from django.utils import timezone

from inference import engine, intake
from inference.models import Answer, AnswerKind, AnswerState
from marketplace import access, suspending
from marketplace.models import ApiKey

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def suspend(scene: Any, what: str, reason: str = "Complaint 7") -> None:
    """The buyer, or the key of the buyer."""
    operator, now = scene.cast.operator.user, timezone.now()
    buyer = scene.cast.buyer.organisation
    if what == "consumer":
        suspending.suspend_consumer(organisation=buyer, reason=reason, acting_user=operator, now=now)
        return
    key = ApiKey.objects.get(organisation=buyer)
    if what == "key":
        suspending.suspend_key(key=key, reason=reason, acting_user=operator, now=now)
    else:
        access.revoke_key(key=key, acting_user=scene.cast.buyer.user, now=now)


RULES = [("consumer", "consumer_suspended"), ("key", "key_suspended"), ("revoked", "key_revoked")]


@pytest.mark.parametrize(("what", "rule"), RULES)
def test_an_answer_under_way_ends_at_its_next_token_and_pays_for_what_was_delivered(
    scene: Any, monkeypatch: pytest.MonkeyPatch, what: str, rule: str
) -> None:
    ordinary, tokens = suspending.stop_of, []

    def after_three(**named: Any) -> Any:
        tokens.append(1)
        if len(tokens) == 3:
            suspend(scene, what)
        return ordinary(**named)

    monkeypatch.setattr("inference.composing.stop_of", after_three)
    body = scene.ask(max_tokens=12).json()
    assert len(tokens) == 3
    assert body["usage"]["completion_tokens"] == 2
    assert body["choices"][0]["finish_reason"] == "content_filter"
    assert body["abc"]["stopped"]["rule"] == rule
    assert what == "revoked" or "Complaint 7" in body["abc"]["stopped"]["reason"]
    assert Answer.objects.get().state == AnswerState.CANCELLED
    receipt = scene.receipt(body["abc"]["receipt_id"])
    assert receipt.hold.tokens_delivered == 2


def test_an_ordinary_answer_was_not_stopped(scene: Any) -> None:
    assert scene.ask(max_tokens=4).json()["abc"]["stopped"] is None


@pytest.mark.parametrize("address", ["/v1/chat/completions", "/v1/plan"])
def test_a_suspended_consumer_is_answered_nothing_and_reads_why(scene: Any, address: str) -> None:
    suspend(scene, "consumer")
    reply = scene.cast.buyer.api.post(address, scene.body(), format="json")
    assert reply.status_code == 403
    assert "Buyer is suspended: Complaint 7" in reply.content.decode()
    assert not Answer.objects.exists()


def test_what_waited_when_its_consumer_was_suspended_is_refused(scene: Any, work_is_noted: Any) -> None:
    work_is_noted.clear()
    caller = intake.Caller(scene.cast.buyer.organisation, None, None)
    _, answer = intake.submit(
        caller=caller, kind=AnswerKind.CHAT, body=scene.body(abc={"purpose": "research"}), now=timezone.now()
    )
    suspend(scene, "consumer")
    engine.answer(answer_id=answer.pk)
    answer.refresh_from_db()
    assert answer.state == AnswerState.FAILED
    assert (answer.error or {})["code"] == "consumer_suspended"


def test_its_own_sources_go_on_voting_for_others(scene: Any) -> None:
    suspending.suspend_consumer(
        organisation=scene.cast.owner.organisation, reason="Complaint 7",
        acting_user=scene.cast.operator.user, now=timezone.now(),
    )  # fmt: skip
    assert scene.ask(max_tokens=4).json()["abc"]["sources"][0]["source"] == "python-guide"


def test_a_suspended_consumer_still_reads_its_books(scene: Any) -> None:
    suspend(scene, "consumer")
    assert scene.cast.buyer.api.get("/v1/account").status_code == 200


def test_a_suspended_key_is_refused_everywhere_with_the_reason_and_others_are_not(scene: Any) -> None:
    other = scene.cast.buyer.key_for("account")
    key = ApiKey.objects.get(organisation=scene.cast.buyer.organisation, name="tests")
    suspending.suspend_key(
        key=key, reason="It leaked.", acting_user=scene.cast.operator.user, now=timezone.now()
    )
    for address in ("/v1/account", "/v1/sources"):
        reply = scene.cast.buyer.api.get(address)
        assert (reply.status_code, reply.json()["code"]) == (403, "key_suspended")
        assert "It leaked." in reply.json()["detail"]
    assert other.get("/v1/account").status_code == 200


def test_resuming_opens_the_way_again(scene: Any) -> None:
    suspend(scene, "consumer")
    suspend(scene, "key")
    operator, now = scene.cast.operator.user, timezone.now()
    suspending.resume_consumer(organisation=scene.cast.buyer.organisation, acting_user=operator, now=now)
    suspending.resume_key(
        key=ApiKey.objects.get(organisation=scene.cast.buyer.organisation), acting_user=operator, now=now
    )
    assert scene.ask(max_tokens=4).status_code == 200
