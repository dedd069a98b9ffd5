"""The port by which an answer travels from the engine to whoever reads it.

Events of one answer are numbered 1, 2, 3... and read in order by any number of readers, from any number on.
A reader never asks an engine: it only reads here. The port knows nothing of HTTP, money or models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings

# More than the tokens of the longest answer: a slow reader loses nothing, a lost stream stays bounded.
KEPT_EVENTS = 8192
KEPT_SECONDS = 900

Event = Mapping[str, Any]
LAST_EVENTS = frozenset({"done", "error", "plan", "topic", "verification", "measurement"})


@dataclass(frozen=True, slots=True)
class Numbered:
    """One event with its place in its answer."""

    number: int
    event: Event

    @property
    def is_last(self) -> bool:
        return self.event["type"] in LAST_EVENTS


class AnswerChannel(Protocol):
    """What both ways can do."""

    def publish(self, answer_id: UUID, event: Event) -> int: ...

    def read(self, answer_id: UUID, *, after: int, timeout_seconds: float) -> Sequence[Numbered]:
        """Every event later than `after`; waits for one at most so long; empty when none came."""
        ...

    def cancel(self, answer_id: UUID) -> None:
        """Asks the engine to stop before its next token."""
        ...

    def cancelled(self, answer_id: UUID) -> bool: ...


@lru_cache(maxsize=1)
def _channel(redis_url: str) -> AnswerChannel:
    if redis_url:
        from inference.channels.redis import RedisChannel

        return RedisChannel(url=redis_url)
    from inference.channels.memory import MemoryChannel

    return MemoryChannel()


def current_channel() -> AnswerChannel:
    """The channel of this process: Redis where there is one, memory otherwise."""
    return _channel(settings.REDIS_URL)
