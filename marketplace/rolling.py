"""Rolling windows: what was spent longer ago than the window is given back, and nothing before.

A mark says how much an account had spent in all at a moment. When the newest mark that is older than the
window (and a little slack for clocks and waiting) says more than was given back so far, the account's stated
limit is raised by the difference. A mark counts no spending after its moment, so no stretch of the window's
length ever sees more than the limit. Marks are a hundredth of the window apart: what comes back comes back at
most that much later. The cost does not grow with the number of answers.
"""

import math
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from accounting import budgets
from accounting.writes import joining_write
from marketplace.models import WindowBudget, WindowKind
from marketplace.policy.windows import LENGTHS

MARKS = 100
SLACK = timedelta(seconds=30)
STILL_OPEN = timedelta(hours=1)  # longer than any answer: what it holds is spent by then, or given back
_IDS = UUID("6d1a2a5e-54a2-4f0c-9c8c-5a3f6b6a7c11")


def step(row: WindowBudget) -> timedelta:
    """How far apart marks are at least."""
    return max(LENGTHS[row.per] / MARKS, SLACK)


def oldest_within(row: WindowBudget, now: datetime) -> float:
    """Spending up to this moment, in seconds since 1970, no longer counts."""
    return (now - LENGTHS[row.per] - SLACK).timestamp()


def due_nano_nats(row: WindowBudget, now: datetime) -> int:
    """What could be given back now, beyond what was."""
    old = [spent for at, spent in row.marks if at <= oldest_within(row, now)]
    return max(max(old, default=0) - row.returned_nano_nats, 0)


def is_due(row: WindowBudget, now: datetime) -> bool:
    return row.kind == WindowKind.ROLLING and (row.next_roll_at is None or row.next_roll_at <= now)


@joining_write
def roll(*, row: WindowBudget, now: datetime, used: bool = False) -> bool:
    """Give back and mark, once a step whoever calls. False where another process did it, or it is too soon.

    `used` says that an answer is about to be held here: the row is then looked at again.
    """
    if row.rolled_at is None or row.rolled_at >= now:
        return False
    claimed = WindowBudget.objects.filter(pk=row.pk, rolled_at=row.rolled_at).update(rolled_at=now)
    if not claimed:
        return False
    row.refresh_from_db()
    spent = budgets.state(row.account_id)
    back = due_nano_nats(row, now)
    row.returned_nano_nats += back
    row.marks = _marks(row, spent.spent, now)
    row.used_at = now if used else row.used_at
    row.next_roll_at = _next(row, spent, now)
    row.save(update_fields=["returned_nano_nats", "marks", "used_at", "next_roll_at"])
    if back and not row.paused:
        budgets.set_limit(
            account_id=row.account_id,
            limit_nano_nats=row.limit_nano_nats + row.returned_nano_nats,
            operation_id=uuid5(_IDS, f"{row.pk}:{row.returned_nano_nats}:{now.isoformat()}"),
            now=now,
            label="window",
        )
    return True


def roll_due(*, now: datetime, most: int = 1000) -> int:
    """Every rolling window whose next look is due, each in its own transaction; says how many it moved."""
    due = WindowBudget.objects.filter(next_roll_at__lte=now).order_by("next_roll_at")[:most]
    return sum(roll(row=row, now=now) for row in due)


def _marks(row: WindowBudget, spent: int, now: datetime) -> list[list[int]]:
    kept = [mark for mark in row.marks if mark[0] > oldest_within(row, now)]
    if spent > max([row.returned_nano_nats, *(mark[1] for mark in kept)]):
        kept.append([math.ceil(now.timestamp()), spent])
    return kept


def _next(row: WindowBudget, state: budgets.BudgetState, now: datetime) -> datetime | None:
    """None once all is given back and no answer can be under way any more: an idle window costs nothing."""
    recent = row.used_at is not None and now - row.used_at < STILL_OPEN + step(row)
    busy = recent or state.held > 0 or state.spent > row.returned_nano_nats
    return now + step(row) if busy else None
