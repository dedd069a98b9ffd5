"""Reads one answer's events to their end, for a caller who waits: blocking, or under asyncio.

Notices an engine that has died (silence without even a heartbeat) and a caller who has left. Must not load
torch: it runs in the web process.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from django.conf import settings
from django.db import connection
from django.utils import timezone

from inference import lifecycle
from inference.channel import AnswerChannel, Event
from inference.models import ENDED, Answer
from inference.problems import CALLER_LEFT, ENGINE_LOST, told

SLICE_SECONDS = 2.0
COMMENT_SECONDS = 15.0  # a stream with nothing to say says so this often, or proxies cut it
PAUSE: Event = {"type": "pause"}
UNSEEN = frozenset({"heartbeat"})


class Follower:
    """The place of one reader in one answer. `batch` blocks for a slice of time."""

    def __init__(
        self, answer: Answer, *, channel: AnswerChannel, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._answer = answer
        self._channel = channel
        self._clock = clock
        self._after = 0
        self._told_anything = False
        self._heard_at = self._spoken_at = clock()
        self.ended = False

    def batch(self) -> Sequence[Event]:
        """What came next; PAUSE where a stream should show that it lives; empty where nothing came."""
        found = self._channel.read(self._answer.pk, after=self._after, timeout_seconds=self._patience())
        if found:
            self._after = found[-1].number
            self._heard_at = self._clock()
            self.ended = any(one.is_last for one in found)
        told = [one.event for one in found if one.event["type"] not in UNSEEN] or self._silence()
        if told:
            self._told_anything |= PAUSE not in told
            self._spoken_at = self._clock()
        return told

    def leave(self) -> None:
        """The caller is gone. Under an idempotency key the answer goes on: they may come back for it.

        One that still waits leaves the line; an engine that has just begun with it sees the channel.
        """
        if not self.ended and self._answer.idempotency_key is None:
            self._channel.cancel(self._answer.pk)
            lifecycle.cancel_waiting(answer_id=self._answer.pk, problem=told(CALLER_LEFT), now=timezone.now())

    def _patience(self) -> float:
        """An ended answer has nothing more to wait for."""
        return 0.001 if self._answer.state in ENDED else SLICE_SECONDS

    def _silence(self) -> Sequence[Event]:
        now = self._clock()
        if self._answer.state in ENDED or now - self._heard_at >= settings.ANSWER_SILENCE_SECONDS:
            self.ended = True
            return self._lost() if self._told_anything else self._stored()
        return (PAUSE,) if now - self._spoken_at >= COMMENT_SECONDS else ()

    def _stored(self) -> Sequence[Event]:
        """The channel has forgotten the answer, or nobody ever took it up."""
        self._answer.refresh_from_db()
        return lifecycle.outcome_of(self._answer) or self._lost()

    def _lost(self) -> Sequence[Event]:
        self._channel.cancel(self._answer.pk)
        return [{"type": "error", "problem": told(ENGINE_LOST)}]


def events(follower: Follower) -> Iterator[Event]:
    """Every event to the last one, blocking."""
    try:
        while not follower.ended:
            yield from follower.batch()
    finally:
        follower.leave()


async def events_async(follower: Follower) -> AsyncIterator[Event]:
    """The same under asyncio: the wait is in a thread of its own, so that no request holds up another."""
    loop = asyncio.get_running_loop()
    try:
        while not follower.ended:
            for event in await loop.run_in_executor(_readers(), _batch_of_a_reader, follower):
                yield event
    finally:
        _readers().submit(_leave_as_a_reader, follower)  # a caller who left is waited for by nobody


def _leave_as_a_reader(follower: Follower) -> None:
    try:
        follower.leave()
    finally:
        connection.close()


def _batch_of_a_reader(follower: Follower) -> Sequence[Event]:
    """A reader's thread outlives its request, so it keeps no connection open."""
    try:
        return follower.batch()
    finally:
        connection.close()


@lru_cache(maxsize=1)
def _readers() -> ThreadPoolExecutor:
    """One thread per caller who waits; they sleep nearly always."""
    return ThreadPoolExecutor(max_workers=512, thread_name_prefix="reader")
