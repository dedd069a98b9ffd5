"""The product without its synchronous barrier: commits no longer reach the disk before a call returns."""

from typing import Any

from accounting import barrier
from accounting.movers import server


def remove() -> None:
    """For this process and those that it starts by fork."""
    undone: Any = barrier
    undone._wait = lambda *_: None
    undone = server
    undone.SETTLE_DURABLY = server.SETTLE
