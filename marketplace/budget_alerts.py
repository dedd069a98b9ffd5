"""Finds budgets of which half, four fifths or all is spent, and tells their owners once each.

Upkeep calls it; an answer never waits for it. In a number of queries that does not grow with the budgets that
are far from their limits. Writing to owners is budget_mail's.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import F, Q

from accounting import audit, budgets
from accounting.writes import durable_write
from marketplace import budget_mail, budget_names
from marketplace.models import BudgetAlert, Organisation, Source, WindowBudget
from marketplace.parsed_policies import parsed
from marketplace.policy.windows import LENGTHS, PERS, Window, starts

PERCENTS = (50, 80, 100)
DUST_NANO_NATS = 1_000_000  # what is left of a spent budget: no seat is given for less in an answer
UPKEEP = "upkeep"


@dataclass(frozen=True, slots=True)
class Watched:
    """One budget at this moment. `per` names the length of a rolling window."""

    source: Source
    budget: str
    account_id: int
    limit_nano_nats: int
    spent_nano_nats: int
    consumer: Organisation | None = None
    starts_at: datetime | None = None
    rolling_per: str | None = None

    @property
    def reached(self) -> frozenset[int]:
        if self.spent_nano_nats <= 0 or self.limit_nano_nats <= 0:
            return frozenset()
        gone = self.limit_nano_nats - self.spent_nano_nats < DUST_NANO_NATS
        share = 100 if gone else 100 * self.spent_nano_nats / self.limit_nano_nats
        return frozenset(percent for percent in PERCENTS if share >= percent)


@durable_write
def look(*, now: datetime) -> int:
    """Raise what is reached and not told yet, rearm what is no longer reached; says how many were raised."""
    watched = [*_lasting(), *_windows(now)]
    standing = _standing({one.account_id for one in watched})
    raised = [alert for one in watched for alert in _raised(one, standing[one.account_id], now)]
    _rearm(watched, standing, now)
    BudgetAlert.objects.bulk_create(raised, ignore_conflicts=True)
    for alert in raised:
        audit.record(
            acting_user=UPKEEP, action="budget.alerted", subject=f"source:{alert.source.slug}",
            after={"budget": alert.budget, "percent": alert.percent, "account_id": alert.account_id},
            organisation_slug=alert.source.organisation.slug, now=now,
        )  # fmt: skip
    transaction.on_commit(partial(budget_mail.send_waiting, now=now), robust=True)
    return len(raised)


def standing_percents(account_ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """What was told of each account and still holds, in one query."""
    rows = BudgetAlert.objects.filter(account_id__in=list(account_ids), rearmed_at__isnull=True)
    found: dict[int, tuple[int, ...]] = {}
    for account_id, percent in rows.order_by("percent").values_list("account_id", "percent"):
        found[account_id] = (*found.get(account_id, ()), percent)
    return found


def _lasting() -> Iterator[Watched]:
    """Lifetime and privacy budgets of which anything is spent."""
    sources = list(Source.objects.filter(policy__isnull=False).select_related("policy", "organisation"))
    limited = []
    for source in sources:
        limits = parsed(source.policy).limits  # type: ignore[arg-type]
        if limits.lifetime_nano_nats is not None:
            limited.append(
                (source, budget_names.LIFETIME, source.budget_account_id, limits.lifetime_nano_nats)
            )
        if limits.privacy is not None:
            most = limits.privacy.budget_nano_nats
            limited.append((source, budget_names.PRIVACY, source.privacy_account_id, most))
    states = budgets.states([account_id for _, _, account_id, _ in limited])
    for source, name, account_id, most in limited:
        yield Watched(source, name, account_id, most, states[account_id].spent)


def _windows(now: datetime) -> Iterator[Watched]:
    """Window budgets that are open and half spent, or told of before."""
    every = [Window(per, "calendar", "all", 0) for per in PERS]
    told = BudgetAlert.objects.filter(rearmed_at__isnull=True).values("account_id")
    rows = (
        WindowBudget.objects.filter(Q(starts_at__in=starts(every, now)) | Q(starts_at__isnull=True))
        .annotate(spent_nano_nats=budgets.spent_of("account_id") - F("returned_nano_nats"))
        .filter(Q(spent_nano_nats__gte=F("limit_nano_nats") / 2) | Q(account_id__in=told))
        .select_related("source__organisation", "source__policy", "consumer")
    )
    for row in rows:
        limit = _limit_in_force(row)
        if limit is not None:
            yield Watched(
                row.source, row.key, row.account_id, limit, row.spent_nano_nats, row.consumer, row.starts_at,
                None if row.starts_at else row.per,
            )  # fmt: skip


def _limit_in_force(row: WindowBudget) -> int | None:
    windows = parsed(row.source.policy).limits.all_windows if row.source.policy else ()
    return next((window.nano_nats for window in windows if window.key == row.key), None)


def _standing(account_ids: Collection[int]) -> dict[int, list[BudgetAlert]]:
    by_account: dict[int, list[BudgetAlert]] = defaultdict(list)
    for alert in BudgetAlert.objects.filter(account_id__in=account_ids, rearmed_at__isnull=True):
        by_account[alert.account_id].append(alert)
    return by_account


def _raised(one: Watched, standing: list[BudgetAlert], now: datetime) -> Iterator[BudgetAlert]:
    for percent in sorted(one.reached - {alert.percent for alert in standing}):
        yield BudgetAlert(
            source=one.source, consumer=one.consumer, budget=one.budget, account_id=one.account_id,
            starts_at=one.starts_at, percent=percent, limit_nano_nats=one.limit_nano_nats,
            spent_nano_nats=one.spent_nano_nats, raised_at=now,
        )  # fmt: skip


def _rearm(watched: list[Watched], standing: dict[int, list[BudgetAlert]], now: datetime) -> None:
    """A raised limit rearms what is no longer reached; a rolling window does so after its own length too."""
    gone = [
        alert.pk
        for one in watched
        for alert in standing[one.account_id]
        if alert.percent not in one.reached and _may_rearm(one, alert, now)
    ]
    BudgetAlert.objects.filter(pk__in=gone).update(rearmed_at=now)


def _may_rearm(one: Watched, alert: BudgetAlert, now: datetime) -> bool:
    if one.rolling_per is None or one.limit_nano_nats > alert.limit_nano_nats:
        return True
    return alert.raised_at + LENGTHS[one.rolling_per] <= now
