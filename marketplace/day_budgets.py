"""What a source may still give to one consumer: its lifetime, privacy and day budgets, as accounts.

Reading many takes two queries however many there are. A consumer's day budget is opened when a seat first
needs it, just before the hold, and follows the policy in force.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from accounting import accounts, budgets
from accounting.models import AccountKind, Asset
from marketplace.models import DayBudget, Organisation, Source
from marketplace.policy.request import Limits, Mode

if TYPE_CHECKING:
    from marketplace.admission import Admitted


@dataclass(frozen=True, slots=True)
class Budgets:
    """The accounts that an answer from this source is charged to, and the least that is left on them."""

    account_ids: tuple[int, ...]
    left_nano_nats: int | None


def today(now: datetime) -> date:
    """The UTC day that a moment belongs to."""
    return now.astimezone(UTC).date()


def read(
    *, wanted: Mapping[int, tuple[Source, Limits]], consumer: Organisation, mode: Mode, now: datetime
) -> dict[int, Budgets]:
    """By source id. A day budget that is not open yet counts with its full limit."""
    rows = DayBudget.objects.filter(consumer=consumer, day=today(now), source_id__in=list(wanted))
    days = {row.source_id: row for row in rows}
    ids = {key: _account_ids(source, limits, mode, days.get(key)) for key, (source, limits) in wanted.items()}
    states = budgets.states([account for accounts_ in ids.values() for account in accounts_])
    return {
        key: Budgets(
            ids[key], _least(_lefts(ids[key], states, limits.per_consumer_day_nano_nats, days.get(key)))
        )
        for key, (_, limits) in wanted.items()
    }


def _account_ids(source: Source, limits: Limits, mode: Mode, day: DayBudget | None) -> tuple[int, ...]:
    ids = [source.budget_account_id]
    if mode == "private":
        ids.append(source.privacy_account_id)
    if limits.per_consumer_day_nano_nats is not None and day is not None:
        ids.append(day.account_id)
    return tuple(sorted(ids))


def _lefts(
    ids: Sequence[int],
    states: Mapping[int, budgets.BudgetState],
    day_limit: int | None,
    day: DayBudget | None,
) -> Iterable[int | None]:
    for account_id in ids:
        left = states[account_id].left
        if day is not None and account_id == day.account_id and left is not None and day_limit is not None:
            left = max(0, left + day_limit - day.limit_nano_nats)
        yield left
    if day is None:
        yield day_limit


def _least(lefts: Iterable[int | None]) -> int | None:
    return min((left for left in lefts if left is not None), default=None)


def open_for(
    *, admitted: Sequence["Admitted"], consumer: Organisation, now: datetime
) -> tuple["Admitted", ...]:
    """The same, with every day budget that their policies ask for open and at the policy's limit."""
    with transaction.atomic():
        rows = DayBudget.objects.filter(
            consumer=consumer, day=today(now), source_id__in=[one.source.pk for one in admitted]
        )
        days = {row.source_id: row for row in rows}
        return tuple(_opened(one, consumer, days.get(one.source.pk), now) for one in admitted)


def _opened(one: "Admitted", consumer: Organisation, day: DayBudget | None, now: datetime) -> "Admitted":
    limit = one.limits.per_consumer_day_nano_nats
    if limit is None:
        return one
    day = day or _create(one.source, consumer, limit, now)
    if day.limit_nano_nats != limit:
        DayBudget.objects.filter(pk=day.pk).update(limit_nano_nats=limit)
        budgets.set_limit(
            account_id=day.account_id, limit_nano_nats=limit, operation_id=uuid.uuid4(), now=now
        )
    ids = tuple(sorted({*one.budget_account_ids, day.account_id}))
    return replace(one, budget_account_ids=ids)


def _create(source: Source, consumer: Organisation, limit: int, now: datetime) -> DayBudget:
    """The day's row; where another process was faster, its row."""
    day = today(now)
    try:
        with transaction.atomic():
            account = accounts.open_account(
                asset=Asset.NANO_NAT,
                kind=AccountKind.BUDGET,
                label=f"{source.slug} for {consumer.slug} on {day}",
            )
            budgets.set_limit(
                account_id=account.pk, limit_nano_nats=limit, operation_id=uuid.uuid4(), now=now
            )
            return DayBudget.objects.create(
                source=source, consumer=consumer, day=day, account_id=account.pk, limit_nano_nats=limit
            )
    except IntegrityError:
        return DayBudget.objects.get(source=source, consumer=consumer, day=day)
