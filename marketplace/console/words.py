"""How the console says lengths of time."""

from datetime import timedelta


def how_long(length: timedelta) -> str:
    """`5 minutes`, `3 hours`, `2 days`: as exact as a queue needs it."""
    minutes = int(length.total_seconds() // 60)
    for size, name in ((24 * 60, "day"), (60, "hour")):
        if minutes >= size:
            return _counted(minutes // size, name)
    return _counted(minutes, "minute")


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"
