"""A caller who waits: silence and heartbeats, comments that keep a stream open, and leaving."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from inference import lifecycle
from inference.channel import Numbered
from inference.following import COMMENT_SECONDS, PAUSE, SLICE_SECONDS, Follower
from inference.lifecycle import Asked
from inference.models import Answer, AnswerKind

pytestmark = [pytest.mark.books, pytest.mark.django_db]

HEARTBEAT = {"type": "heartbeat"}
START = {"type": "start"}
DONE = {"type": "done"}


class ScriptedChannel:
    """Each read takes a slice of time and gives the next batch; it remembers what was cancelled."""

    def __init__(self, *batches: Sequence[dict[str, Any]]) -> None:
        self.now = 0.0
        self.stopped: list[UUID] = []
        self._batches = list(batches)
        self._number = 0

    def read(self, _answer_id: UUID, *, after: int, timeout_seconds: float) -> list[Numbered]:
        assert after == self._number
        self.now += timeout_seconds
        batch = self._batches.pop(0) if self._batches else []
        numbered = [Numbered(self._number + place, event) for place, event in enumerate(batch, start=1)]
        self._number += len(batch)
        return numbered

    def publish(self, answer_id: UUID, event: Any) -> int:
        raise AssertionError("a reader publishes nothing")

    def cancel(self, answer_id: UUID) -> None:
        self.stopped.append(answer_id)

    def cancelled(self, answer_id: UUID) -> bool:
        return answer_id in self.stopped


@pytest.fixture
def answer(cast, work_is_noted) -> Answer:
    return queued(cast)


def queued(cast, *, idempotency_key: str | None = None) -> Answer:
    asked = Asked(
        organisation=cast.buyer.organisation, api_key=None, kind=AnswerKind.CHAT, body={},
        idempotency_key=idempotency_key,
    )  # fmt: skip
    return lifecycle.queue(asked, now=timezone.now())


def following(answer: Answer, channel: ScriptedChannel) -> Follower:
    return Follower(answer, channel=channel, clock=lambda: channel.now)


def test_an_engine_that_says_nothing_for_too_long_is_lost_and_its_answer_is_stopped(answer, settings):
    channel = ScriptedChannel([START])
    follower = following(answer, channel)
    assert list(follower.batch()) == [START]
    told: list[Any] = []
    while not follower.ended:
        told += follower.batch()
    (error,) = [event for event in told if event != PAUSE]
    assert error["type"] == "error"
    assert (error["problem"]["code"], error["problem"]["status"]) == ("engine_lost", 504)
    assert channel.now >= settings.ANSWER_SILENCE_SECONDS
    assert channel.stopped == [answer.pk]


def test_heartbeats_keep_an_answer_that_waits_alive_and_are_not_shown(answer, settings):
    slices = int(3 * settings.ANSWER_SILENCE_SECONDS / SLICE_SECONDS)
    follower = following(answer, ScriptedChannel(*[[HEARTBEAT]] * slices, [START], [DONE]))
    told = [event for _ in range(slices + 2) for event in follower.batch()]
    assert [event for event in told if event != PAUSE] == [START, DONE]
    assert follower.ended


def test_a_stream_with_nothing_to_say_says_so_every_quarter_minute(answer):
    channel = ScriptedChannel(*[[HEARTBEAT]] * 30)
    follower = following(answer, channel)
    said_at = []
    for _ in range(30):
        if PAUSE in follower.batch():
            said_at.append(channel.now)
    gaps = [later - earlier for earlier, later in zip([0.0, *said_at], said_at, strict=False)]
    assert len(said_at) == 3
    assert all(COMMENT_SECONDS <= gap < COMMENT_SECONDS + SLICE_SECONDS for gap in gaps)


def test_who_leaves_stops_the_answer(answer):
    channel = ScriptedChannel([START])
    follower = following(answer, channel)
    follower.batch()
    follower.leave()
    assert channel.stopped == [answer.pk]


def test_who_leaves_with_an_idempotency_key_may_come_back_for_the_answer(cast, work_is_noted):
    channel = ScriptedChannel([START])
    following(queued(cast, idempotency_key="k1"), channel).leave()
    assert channel.stopped == []


def test_who_leaves_after_the_last_event_stops_nothing(answer):
    channel = ScriptedChannel([START, DONE])
    follower = following(answer, channel)
    follower.batch()
    follower.leave()
    assert channel.stopped == []


def test_an_answer_that_failed_before_anyone_read_is_told_by_its_row(answer):
    problem = {"code": "engine_lost", "status": 504}
    lifecycle.fail(answer_id=answer.pk, problem=problem, now=timezone.now())
    answer.refresh_from_db()
    told = list(following(answer, ScriptedChannel()).batch())
    assert told == [{"type": "error", "problem": problem}]
