"""Events inside one process: a bounded list per answer and a condition to wait on.

Used when engine and web share a process. Old answers are forgotten as new ones arrive, so that memory
stays bounded.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from uuid import UUID

from inference.channel import KEPT_EVENTS, KEPT_SECONDS, Event, Numbered


class _Stream:
    """The events of one answer."""

    def __init__(self, now: float) -> None:
        self.events: deque[Numbered] = deque(maxlen=KEPT_EVENTS)
        self.published = 0
        self.cancelled = False
        self.touched_at = now


class MemoryChannel:
    """The in-process channel; every method may be called from any thread."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, kept_seconds: float = KEPT_SECONDS
    ) -> None:
        self._clock = clock
        self._kept_seconds = kept_seconds
        self._changed = threading.Condition()
        self._streams: dict[UUID, _Stream] = {}

    def publish(self, answer_id: UUID, event: Event) -> int:
        with self._changed:
            stream = self._stream(answer_id)
            stream.published += 1
            stream.events.append(Numbered(stream.published, dict(event)))
            self._changed.notify_all()
            return stream.published

    def read(self, answer_id: UUID, *, after: int, timeout_seconds: float) -> Sequence[Numbered]:
        def later() -> list[Numbered]:
            stream = self._streams.get(answer_id)
            return [] if stream is None else [one for one in stream.events if one.number > after]

        with self._changed:
            self._changed.wait_for(lambda: bool(later()), timeout=timeout_seconds)
            return later()

    def cancel(self, answer_id: UUID) -> None:
        with self._changed:
            self._stream(answer_id).cancelled = True

    def cancelled(self, answer_id: UUID) -> bool:
        with self._changed:
            stream = self._streams.get(answer_id)
            return stream is not None and stream.cancelled

    def _stream(self, answer_id: UUID) -> _Stream:
        now = self._clock()
        stream = self._streams.get(answer_id)
        if stream is None:
            self._forget_old(now)
            stream = self._streams[answer_id] = _Stream(now)
        stream.touched_at = now
        return stream

    def _forget_old(self, now: float) -> None:
        old = [key for key, stream in self._streams.items() if now - stream.touched_at > self._kept_seconds]
        for key in old:
            del self._streams[key]
