"""Runs the upkeep schedule inside an embedded process: the part that Celery beat plays in production.

Upkeep ends lost holds, takes up lost work and deletes expired transcripts; each task is one domain call named
in settings.UPKEEP_SCHEDULE.
"""

import logging
import threading
import time
from collections.abc import Mapping

from django.db import connections
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)


class Ticker:
    """One thread that calls each named task every so many seconds, the first time at once."""

    def __init__(self, *, schedule: Mapping[str, float]) -> None:
        self._schedule = schedule
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, timeout_seconds: float) -> None:
        self._stopping.set()
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        due = dict.fromkeys(self._schedule, time.monotonic())
        while not self._stopping.is_set():
            for name, at in due.items():
                if time.monotonic() >= at and not self._stopping.is_set():
                    _call(name)
                    due[name] = time.monotonic() + self._schedule[name]
            self._stopping.wait(max(0.05, min(due.values()) - time.monotonic()))


def _call(name: str) -> None:
    try:
        import_string(name)()
    except Exception:  # upkeep is tried again at its next turn
        logger.exception("upkeep %s failed", name)
    finally:
        connections.close_all()
