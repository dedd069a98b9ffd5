"""Bounded waits by polling: a test never sleeps for a fixed time and never waits for ever."""

import threading
from collections.abc import Callable

_POLL_SECONDS = 0.02


def wait_until(true: Callable[[], object], *, what: str, seconds: float = 30.0) -> None:
    """Return as soon as `true()` holds; fail naming `what` when it does not within the limit."""
    pause = threading.Event()
    for _ in range(int(seconds / _POLL_SECONDS)):
        if true():
            return
        pause.wait(_POLL_SECONDS)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")
