"""A caller who leaves while the question waits: no engine ever begins with it, and its place is free."""

import pytest
from django.utils import timezone

from accounting.models import Hold
from inference import engine, intake
from inference.channel import current_channel
from inference.following import Follower
from inference.models import Answer, AnswerKind

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture
def waiting(scene, settings):
    """Rows wait: no engine is told of them."""
    settings.WORK_RUNNERS = {"immediate": "tests.inference.test_leaving_the_line.told"}
    return scene


def told(_task, _queue, _values):
    """Nothing happens."""


def join(scene, *, idempotency_key: str | None = None) -> Answer:
    caller = intake.Caller(scene.cast.buyer.organisation, None, idempotency_key)
    body = scene.body(abc={"purpose": "research"})
    return intake.submit(caller=caller, kind=AnswerKind.CHAT, body=body, now=timezone.now())[1]


def test_who_leaves_the_line_is_never_answered_and_holds_and_spends_nothing(waiting):
    before, answer = waiting.money_left(), join(waiting)
    Follower(answer, channel=current_channel()).leave()
    answer.refresh_from_db()
    assert answer.state == "cancelled"
    assert bytes(answer.sealed_request) == b""
    engine.answer(answer_id=answer.pk)
    answer.refresh_from_db()
    assert answer.state == "cancelled"
    assert not Hold.objects.exists()
    assert waiting.money_left() == before


def test_a_place_that_was_left_is_free_for_the_next_caller(waiting, settings):
    settings.ANSWERS_WAITING = 1
    Follower(join(waiting), channel=current_channel()).leave()
    assert join(waiting).state == "queued"


def test_who_left_with_an_idempotency_key_keeps_the_place(waiting):
    answer = join(waiting, idempotency_key="k1")
    Follower(answer, channel=current_channel()).leave()
    engine.answer(answer_id=answer.pk)
    answer.refresh_from_db()
    assert answer.state == "done"


def test_leaving_an_answer_that_an_engine_has_begun_is_left_to_that_engine(waiting):
    answer = join(waiting)
    Answer.objects.filter(pk=answer.pk).update(state="running", lease_until=timezone.now())
    Follower(answer, channel=current_channel()).leave()
    answer.refresh_from_db()
    assert answer.state == "running"
    assert current_channel().cancelled(answer.pk)
