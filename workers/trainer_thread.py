"""The one trainer thread of an embedded process: takes up waiting training jobs, one after the other.

Part of train. The rows are the queue: the thread looks for a job when it is woken, when one ends, and every
few seconds (a command in another process may have queued one). It begins when the engine's warm-up is over,
so that a server which resumes a training is ready for answers first, and it lowers its own priority, so that
answers and pages come first on a small machine.
"""

import logging
import os
import threading
from collections.abc import Callable

from django.db import connections

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
_POLITE = 10  # nice value of the thread and of the compute threads that it starts


class TrainerThread:
    """Runs `take_up(should_stop)` until stopped; it trains one waiting job and says whether there was one."""

    def __init__(self, *, take_up: Callable[[Callable[[], bool]], bool], begin: threading.Event) -> None:
        self._take_up = take_up
        self._begin = begin
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trainer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self, *, timeout_seconds: float) -> None:
        """Ask the job in hand to stop at its next step; it goes back to the queue and is taken up again."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _POLITE)
        while not self._stopping.is_set() and not self._begin.wait(0.2):
            pass
        while not self._stopping.is_set():
            self._wake.clear()
            if not self._one():
                self._wake.wait(LOOK_SECONDS)

    def _one(self) -> bool:
        try:
            return self._take_up(self._stopping.is_set)
        except Exception:  # a database that is away for a moment must not end the thread
            logger.exception("the trainer could not take up a job")
            return False
        finally:
            connections.close_all()
