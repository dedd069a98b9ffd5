"""States to the accounts of a source what its policy and its owner's pauses allow them to give.

A pause states 0, for as long as it lasts: the database then refuses holds and top-ups by itself, and what was
spent or held stays. Runs inside the transactions of publishing, pausing and opening. It decides nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db.models import Q

from accounting import budgets
from accounting.writes import joining_write
from marketplace import budget_names
from marketplace.models import Source, WindowBudget
from marketplace.policy.request import Limits
from marketplace.policy.windows import starts


def is_paused(source: Source, name: str, consumer: str | None) -> bool:
    return pause_of(source, name, consumer) is not None


def pause_of(source: Source, name: str, consumer: str | None) -> dict[str, Any] | None:
    """Who paused it, when and why, and for which consumer alone if it is not the budget itself."""
    whole: dict[str, Any] | None = source.paused_budgets.get(name)
    if whole is not None or consumer is None:
        return whole
    own = source.paused_budgets.get(budget_names.of_consumer(name, consumer))
    return None if own is None else {**own, "consumer": consumer}


def without_unknown(source: Source, limits: Limits) -> dict[str, Any]:
    """The pauses of budgets that a new policy still has: a limit that is gone takes its pause along."""
    known = budget_names.names(limits)
    return {name: entry for name, entry in source.paused_budgets.items() if name.split(":")[0] in known}


def state_lifetimes(*, source: Source, limits: Limits, now: datetime) -> None:
    """The accounts that last as long as the source."""
    wanted = {budget_names.LIFETIME: (source.budget_account_id, limits.lifetime_nano_nats)}
    if limits.privacy is not None:
        wanted[budget_names.PRIVACY] = (source.privacy_account_id, limits.privacy.budget_nano_nats)
    for name, (account_id, limit) in wanted.items():
        given = 0 if is_paused(source, name, None) else limit
        budgets.set_limit(account_id=account_id, limit_nano_nats=given, operation_id=uuid4(), now=now)


def state_windows(*, source: Source, limits: Limits, now: datetime) -> None:
    """Every period that is open or still held: what differs from the policy and the pauses is stated anew."""
    windows = {window.key: window for window in limits.all_windows}
    for row in _open_rows(source, limits, now):
        window = windows.get(row.key)
        if window is not None:
            consumer = row.consumer.slug if row.consumer else None
            paused = is_paused(source, row.key, consumer)
            state_limit(row=row, limit_nano_nats=window.nano_nats, paused=paused, now=now)


def _open_rows(source: Source, limits: Limits, now: datetime) -> Iterable[WindowBudget]:
    rows = WindowBudget.objects.filter(source=source).select_related("consumer").order_by("account_id")
    now_open = Q(starts_at__in=starts(limits.all_windows, now)) | Q(starts_at__isnull=True)
    before = rows.exclude(now_open).order_by("-starts_at")[:1000]  # an answer may have begun in them
    states: Mapping[int, budgets.BudgetState] = budgets.states([row.account_id for row in before])
    held = [row for row in before if states[row.account_id].held]
    return sorted([*rows.filter(now_open), *held], key=lambda row: row.account_id)


@joining_write
def state_limit(*, row: WindowBudget, limit_nano_nats: int, paused: bool, now: datetime) -> None:
    """What the account of a period may give from now on; nothing where another process just changed it."""
    if (row.limit_nano_nats, row.paused) == (limit_nano_nats, paused):
        return
    changed = WindowBudget.objects.filter(
        pk=row.pk,
        limit_nano_nats=row.limit_nano_nats,
        paused=row.paused,
        returned_nano_nats=row.returned_nano_nats,
    ).update(limit_nano_nats=limit_nano_nats, paused=paused)
    if changed:
        row.limit_nano_nats, row.paused = limit_nano_nats, paused
        given = 0 if paused else limit_nano_nats + row.returned_nano_nats
        budgets.set_limit(account_id=row.account_id, limit_nano_nats=given, operation_id=uuid4(), now=now)
