"""This process's engine thread: made once, with torch's thread count set where torch is first imported.

Shared by the embedded server and the Celery serve worker. The web process of production never imports it.
"""

import os
import socket
import threading
from concurrent.futures import Future
from uuid import UUID

from django.conf import settings

from config.health import ENGINE_KEY
from inference.channel import current_channel
from inference.models import Answer
from workers.engine_thread import Engine, EngineThread, State

_lock = threading.Lock()
_current: EngineThread | None = None


def start() -> EngineThread:
    """The running thread; starts it, and its warm-up in the background, when there is none."""
    global _current  # noqa: PLW0603 - one engine a process is the point of this module
    with _lock:
        if _current is None:
            _current = EngineThread(
                load=_load,
                heartbeat=_heartbeat,
                alive=_alive,
                heartbeat_seconds=settings.HEARTBEAT_SECONDS,
                at_once=settings.ANSWERS_AT_ONCE,
                at_once_each=settings.ANSWERS_AT_ONCE_PER_CONSUMER,
                consumer_of=_consumer_of,
            )
            _current.start()
        return _current


def submit(answer_id: str) -> Future[None]:
    return start().submit(answer_id)


def stop(*, timeout_seconds: float = 30.0) -> None:
    global _current
    with _lock:
        running, _current = _current, None
    if running is not None:
        running.stop(timeout_seconds=timeout_seconds)


def state() -> tuple[str, str]:
    """(state, why it failed) for /readyz."""
    running = _current
    return ("absent", "") if running is None else (running.state, running.failure)


def _load() -> Engine:
    import torch

    torch.set_num_threads(settings.ENGINE_THREADS)
    from inference import engine

    loaded: Engine = engine
    return loaded


def _consumer_of(answer_id: str) -> int | None:
    """Whose answer it is; None where it is gone."""
    found: int | None = Answer.objects.filter(pk=answer_id).values_list("organisation_id", flat=True).first()
    return found


def _heartbeat(answer_id: str) -> None:
    current_channel().publish(UUID(answer_id), {"type": "heartbeat"})


def _alive(state: State) -> None:
    """Say on Redis that this engine lives; the web process of production reads it for /readyz."""
    if settings.REDIS_URL:
        import redis

        with redis.Redis.from_url(settings.REDIS_URL) as client:
            name = f"{ENGINE_KEY}:{socket.gethostname()}:{os.getpid()}"
            client.set(name, state, ex=max(1, round(4 * settings.HEARTBEAT_SECONDS)))
