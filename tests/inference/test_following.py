"""What a reader makes of silence: a pause, a stored outcome, or an engine that has died."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.utils import timezone

from inference import lifecycle
from inference.channels.memory import MemoryChannel
from inference.following import COMMENT_SECONDS, PAUSE, Follower
from inference.lifecycle import Asked
from inference.models import Answer, AnswerKind, AnswerState
from inference.problems import ENGINE_FAILED, told


class QuickChannel(MemoryChannel):
    """Reads without waiting."""

    def read(self, answer_id, *, after, timeout_seconds):
        return super().read(answer_id, after=after, timeout_seconds=0)


@pytest.fixture
def reading(settings):
    settings.ANSWER_SILENCE_SECONDS = 20
    time, channel = SimpleNamespace(now=0.0), QuickChannel()
    answer = Answer(id=uuid4(), kind=AnswerKind.CHAT, state=AnswerState.RUNNING)
    follower = Follower(answer, channel=channel, clock=lambda: time.now)
    return SimpleNamespace(time=time, channel=channel, answer=answer, follower=follower)


def test_heartbeats_keep_a_reader_waiting_and_are_shown_as_pauses_now_and_then(reading):
    shown = []
    for _ in range(20):
        reading.time.now += 3
        reading.channel.publish(reading.answer.pk, {"type": "heartbeat"})
        shown += reading.follower.batch()
    assert shown == [PAUSE] * int(60 // COMMENT_SECONDS)
    assert not reading.follower.ended


def test_an_engine_that_falls_silent_in_mid_answer_is_lost_and_told_to_stop(reading):
    reading.channel.publish(reading.answer.pk, {"type": "token", "text": "a"})
    assert [event["type"] for event in reading.follower.batch()] == ["token"]
    reading.time.now = 21
    (last,) = reading.follower.batch()
    assert last["problem"]["code"] == "engine_lost"
    assert last["problem"]["status"] == 504
    assert reading.follower.ended
    assert reading.channel.cancelled(reading.answer.pk)


def test_a_caller_who_leaves_cancels_unless_they_may_come_back(reading):
    reading.follower.leave()
    assert reading.channel.cancelled(reading.answer.pk)
    other = Answer(id=uuid4(), state=AnswerState.RUNNING, idempotency_key="k")
    Follower(other, channel=reading.channel).leave()
    assert not reading.channel.cancelled(other.pk)


@pytest.mark.django_db
class TestRows:
    """States of an answer in the database."""

    @pytest.fixture
    def asked(self, cast, work_is_noted):
        return Asked(cast.buyer.organisation, None, AnswerKind.CHAT, {"a": 1}, "research", "key")

    def test_an_outcome_that_only_the_database_remembers_is_told_from_there(self, asked, reading):
        answer = lifecycle.queue(asked, now=timezone.now())
        lifecycle.fail(answer_id=answer.pk, problem=told(ENGINE_FAILED), now=timezone.now())
        answer.refresh_from_db()
        (last,) = Follower(answer, channel=reading.channel).batch()
        assert last["problem"]["code"] == "engine_failed"

    def test_two_requests_with_one_key_at_the_same_moment_make_one_answer(self, asked, monkeypatch):
        first = lifecycle.queue(asked, now=timezone.now())
        looks = iter([None, first])
        monkeypatch.setattr(lifecycle, "_earlier", lambda *_: next(looks))
        assert lifecycle.queue(asked, now=timezone.now()) == first
        assert Answer.objects.count() == 1

    def test_an_answer_starts_once_and_ends_once(self, asked):
        answer = lifecycle.queue(asked, now=timezone.now())
        assert lifecycle.start(answer_id=answer.pk, now=timezone.now()) == answer
        assert lifecycle.start(answer_id=answer.pk, now=timezone.now()) is None

        def finish(state):
            return lifecycle.finish(answer, state=state, outcome=[], now=timezone.now(), receipt_id=None)

        assert finish(AnswerState.DONE)
        assert not finish(AnswerState.CANCELLED)
        assert not lifecycle.fail(answer_id=answer.pk, problem={}, now=timezone.now())
