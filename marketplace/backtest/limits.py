"""What a draft's budgets would have left, answer after answer: its lifetime, its privacy and its windows.

The arithmetic of `marketplace.window_budgets` and `marketplace.rolling` without their accounts. A rolling
window forgets in hundredths of its length, as the real one does. It keeps nothing per answer.
"""

from collections import deque
from datetime import datetime
from math import floor

from marketplace.policy.request import Limits, Mode
from marketplace.policy.windows import LENGTHS, Window
from marketplace.rolling import MARKS, SLACK


class DraftBudgets:
    """Nano-nats. `lifetime` and `privacy` are what was spent of them before the first answer."""

    def __init__(self, limits: Limits, *, lifetime: int = 0, privacy: int = 0) -> None:
        self._limits = limits
        self._lifetime, self._privacy = lifetime, privacy
        self._windows = [(window, _Rolling(window) if window.is_rolling else _Calendar(window))
                         for window in limits.all_windows]  # fmt: skip

    def left(self, consumer: str, mode: Mode, at: datetime) -> int | None:
        """The least that any of them has left for this answer; None: nothing limits it."""
        lefts = [window.nano_nats - used.by(_whose(window, consumer), at) for window, used in self._windows]
        if self._limits.lifetime_nano_nats is not None:
            lefts.append(self._limits.lifetime_nano_nats - self._lifetime)
        if mode == "private" and self._limits.privacy is not None:
            lefts.append(self._limits.privacy.budget_nano_nats - self._privacy)
        return max(0, min(lefts)) if lefts else None

    def spend(self, nano_nats: int, consumer: str, mode: Mode, at: datetime) -> None:
        self._lifetime += nano_nats
        if mode == "private":
            self._privacy += nano_nats
        self.count(nano_nats, consumer, at)

    def count(self, nano_nats: int, consumer: str, at: datetime) -> None:
        """In the windows alone: what was given before the first answer is in the other two already."""
        for window, used in self._windows:
            used.add(nano_nats, _whose(window, consumer), at)


def _whose(window: Window, consumer: str) -> str:
    return consumer if window.consumers == "each" else ""


class _Calendar:
    """One period at a time: the next one begins empty."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._ends: datetime | None = None
        self._used: dict[str, int] = {}

    def by(self, whose: str, at: datetime) -> int:
        self._turn(at)
        return self._used.get(whose, 0)

    def add(self, nano_nats: int, whose: str, at: datetime) -> None:
        self._turn(at)
        self._used[whose] = self._used.get(whose, 0) + nano_nats

    def _turn(self, at: datetime) -> None:
        if self._ends is None or at >= self._ends:
            self._ends = self._window.ends_at(at)
            self._used.clear()


class _Rolling:
    """Sums of steps, oldest first; a step counts until its end is older than the window."""

    def __init__(self, window: Window) -> None:
        self._length = (LENGTHS[window.per] + SLACK).total_seconds()
        self._step = max(LENGTHS[window.per] / MARKS, SLACK).total_seconds()
        self._used: dict[str, _Steps] = {}

    def by(self, whose: str, at: datetime) -> int:
        steps = self._used.get(whose)
        return 0 if steps is None else steps.since((at.timestamp() - self._length) / self._step)

    def add(self, nano_nats: int, whose: str, at: datetime) -> None:
        self._used.setdefault(whose, _Steps()).add(floor(at.timestamp() / self._step), nano_nats)


class _Steps:
    def __init__(self) -> None:
        self._steps: deque[list[int]] = deque()  # [number, nano-nats]
        self._total = 0

    def add(self, number: int, nano_nats: int) -> None:
        if self._steps and self._steps[-1][0] == number:
            self._steps[-1][1] += nano_nats
        else:
            self._steps.append([number, nano_nats])
        self._total += nano_nats

    def since(self, oldest: float) -> int:
        """The sum of the steps that end after `oldest`, counted in steps; the others are forgotten."""
        while self._steps and self._steps[0][0] + 1 <= oldest:
            self._total -= self._steps.popleft()[1]
        return self._total
