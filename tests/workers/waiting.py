"""Bounded waits by polling: a test never sleeps for a fixed time and never waits for ever."""

import threading
import time
from collections.abc import Callable


def wait_until(
    true: Callable[[], object], *, what: str, seconds: float = 30.0, pause_seconds: float = 0.02
) -> None:
    """Return as soon as `true()` holds; fail naming `what` when it does not within the limit."""
    pause, limit = threading.Event(), time.monotonic() + seconds
    while not true():
        if time.monotonic() > limit:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        pause.wait(pause_seconds)
