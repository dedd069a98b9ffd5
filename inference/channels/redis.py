"""Events over Redis Streams, for engines and web processes on different machines.

One stream per answer, numbered by Redis itself (`0-*`), bounded by MAXLEN and forgotten by EXPIRE.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import redis

from inference.channel import KEPT_EVENTS, KEPT_SECONDS, Event, Numbered


class RedisChannel:
    """The channel of separate processes."""

    def __init__(self, *, url: str) -> None:
        self._redis: Any = redis.Redis.from_url(url, decode_responses=True)

    def publish(self, answer_id: UUID, event: Event) -> int:
        key = _events_key(answer_id)
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.xadd(key, {"event": json.dumps(event)}, id="0-*", maxlen=KEPT_EVENTS, approximate=True)
            pipeline.expire(key, KEPT_SECONDS)
            entry, _ = pipeline.execute()
        return _number(entry)

    def read(self, answer_id: UUID, *, after: int, timeout_seconds: float) -> Sequence[Numbered]:
        # BLOCK 0 would mean forever.
        milliseconds = max(1, int(timeout_seconds * 1000))
        found = self._redis.xread({_events_key(answer_id): f"0-{after}"}, block=milliseconds)
        entries = _entries(found)
        return [Numbered(_number(entry), json.loads(fields["event"])) for entry, fields in entries]

    def cancel(self, answer_id: UUID) -> None:
        self._redis.set(_cancel_key(answer_id), "1", ex=KEPT_SECONDS)

    def cancelled(self, answer_id: UUID) -> bool:
        return bool(self._redis.exists(_cancel_key(answer_id)))


def _entries(found: Any) -> list[tuple[str, dict[str, str]]]:
    """redis-py answers a list of (key, entries), or a mapping under RESP3."""
    if not found:
        return []
    if isinstance(found, dict):
        (batches,) = found.values()
        return [pair for batch in batches for pair in batch]
    return list(found[0][1])


def _number(entry: str) -> int:
    return int(entry.split("-")[1])


def _events_key(answer_id: UUID) -> str:
    return f"answer:{answer_id}:events"


def _cancel_key(answer_id: UUID) -> str:
    return f"answer:{answer_id}:cancel"
