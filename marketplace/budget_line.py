"""One budget as its owner reads it: what it may give, what it gave, and for how long it lasts.

Values and what follows from them; it reads nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from marketplace.budget_rates import Rate
from marketplace.policy.request import NANO
from marketplace.policy.windows import Window

NO_RATE = Rate()


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """None as a limit is unlimited, which is not 0. `pause` says who paused it, when and why."""

    budget: str
    kind: str
    limit_nano_nats: int | None
    spent_nano_nats: int
    held_nano_nats: int
    window: Window | None = None
    consumer: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    pause: Mapping[str, Any] | None = None
    alerts: tuple[int, ...] = ()
    rate: Rate = NO_RATE
    now: datetime | None = None
    delta: float | None = None
    epsilon_spent: float | None = None
    epsilon_spent_if_replaced: float | None = None
    epsilon_limit: float | None = None
    epsilon_limit_if_replaced: float | None = None

    @property
    def left_nano_nats(self) -> int | None:
        if self.limit_nano_nats is None:
            return None
        return max(0, self.limit_nano_nats - self.spent_nano_nats - self.held_nano_nats)

    @property
    def limit_nats(self) -> float | None:
        return _nats(self.limit_nano_nats)

    @property
    def spent_nats(self) -> float | None:
        return _nats(self.spent_nano_nats)

    @property
    def held_nats(self) -> float | None:
        return _nats(self.held_nano_nats)

    @property
    def left_nats(self) -> float | None:
        return _nats(self.left_nano_nats)

    @property
    def state(self) -> str:
        if self.pause is not None:
            return "paused"
        if self.ends_at is not None and self.now is not None and self.ends_at <= self.now:
            return "over"
        if self.limit_nano_nats is None:
            return "unlimited"
        return "exhausted" if self.left_nano_nats == 0 else "open"

    @property
    def window_kind(self) -> str | None:
        return self.window.kind if self.window else None

    @property
    def consumers(self) -> str | None:
        return self.window.consumers if self.window else None

    @property
    def day(self) -> date | None:
        return self.starts_at.date() if self.starts_at and self.kind == "day" else None

    @property
    def answers_left(self) -> int | None:
        return None if self.state == "over" else self.rate.answers_in(self.left_nano_nats)

    @property
    def lasts(self) -> bool | None:
        """Whether, at the recent rate, the window renews itself before it is used up; None without a rate."""
        if self.window is None or self.now is None or self.limit_nano_nats is None or not self.rate.answers:
            return None
        if self.window.is_rolling:
            return self.rate.nano_nats * (self.window.length.total_seconds() / 86_400) <= self.limit_nano_nats
        empty = self.rate.runs_out_at(self.left_nano_nats, self.now)
        return self.left_nano_nats != 0 and (empty is None or self.ends_at is None or empty >= self.ends_at)

    @property
    def runs_out_at(self) -> datetime | None:
        if self.now is None or self.state in {"over", "exhausted"} or self.lasts:
            return None
        return self.rate.runs_out_at(self.left_nano_nats, self.now)


def _nats(nano_nats: int | None) -> float | None:
    return None if nano_nats is None else nano_nats / NANO
