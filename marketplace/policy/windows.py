"""What a window is: how much influence a source gives in an hour, a day or a month, and to whom.

A calendar window is a UTC hour, day or month and begins empty each time; a rolling one is any stretch of 60
minutes, 24 hours or 30 days. Values and arithmetic only. It must not know accounts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Per = Literal["hour", "day", "month"]
Kind = Literal["calendar", "rolling"]
Consumers = Literal["each", "all"]

PERS: tuple[Per, ...] = ("hour", "day", "month")  # from the shortest to the longest
KINDS: tuple[Kind, ...] = ("calendar", "rolling")
CONSUMERS: tuple[Consumers, ...] = ("each", "all")  # from the narrower to the wider
LENGTHS: dict[str, timedelta] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "month": timedelta(days=30),
}
_ROLLING_WORDS = {"hour": "any 60 minutes", "day": "any 24 hours", "month": "any 30 days"}


@dataclass(frozen=True, slots=True)
class Window:
    """One limit of a policy. `key` names it within the policy and over its versions."""

    per: Per
    kind: Kind
    consumers: Consumers
    nano_nats: int

    @property
    def key(self) -> str:
        return f"{self.per}-{self.kind}-{self.consumers}"

    @property
    def is_rolling(self) -> bool:
        return self.kind == "rolling"

    @property
    def length(self) -> timedelta:
        """Of a rolling window exactly; a calendar month is as long as it is."""
        return LENGTHS[self.per]

    @property
    def stretch(self) -> str:
        """`a day (UTC)` or `any 24 hours`."""
        article = "an" if self.per == "hour" else "a"
        return _ROLLING_WORDS[self.per] if self.is_rolling else f"{article} {self.per} (UTC)"

    def starts_at(self, now: datetime) -> datetime | None:
        """The start of the calendar period that a moment belongs to; a rolling window has none."""
        if self.is_rolling:
            return None
        start = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        if self.per == "hour":
            return start
        start = start.replace(hour=0)
        return start if self.per == "day" else start.replace(day=1)

    def ends_at(self, now: datetime) -> datetime | None:
        """When the next calendar period begins."""
        start = self.starts_at(now)
        if start is None or self.per != "month":
            return None if start is None else start + self.length
        return (start + timedelta(days=32)).replace(day=1)


def is_within(inner: Window, outer: Window) -> bool:
    """Whether everything that counts in `inner` counts in `outer` too, which then is the wider limit."""
    if (inner.per, inner.consumers) == (outer.per, outer.consumers):
        return False
    shorter = PERS.index(inner.per) <= PERS.index(outer.per)
    return shorter and CONSUMERS.index(inner.consumers) <= CONSUMERS.index(outer.consumers)


def starts(windows: Iterable[Window], now: datetime) -> frozenset[datetime]:
    """The starts of all their calendar periods at this moment."""
    different = {(window.per, window.kind): window for window in windows}
    found = (window.starts_at(now) for window in different.values())
    return frozenset(start for start in found if start is not None)
