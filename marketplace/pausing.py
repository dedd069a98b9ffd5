"""Pausing a budget and resuming it: its owner's switch for one limit, without touching policy or spending.

While a budget is paused, every answer that would count against it leaves the source out with the rule
`paused`; one that is under way loses the source at its next top-up.
"""

from datetime import datetime

from django.db import transaction

from accounting import audit
from accounting.errors import Conflict, Invalid, NotFound
from marketplace import budget_names, limits_stated, taking_effect
from marketplace.models import Source, User, WindowBudget
from marketplace.parsed_policies import parsed
from marketplace.policy.request import Limits
from marketplace.registration import lock
from marketplace.roles import EDITORS, require_role


def pause(
    *,
    source: Source,
    budget: str,
    acting_user: User,
    now: datetime,
    consumer: str | None = None,
    reason: str = "",
) -> Source:
    """From the next answer on; pausing again changes nothing."""
    entry = {"at": now.isoformat(), "by": acting_user.username, "reason": reason}
    return _change(source, budget, consumer, acting_user=acting_user, now=now, entry=entry)


def resume(
    *, source: Source, budget: str, acting_user: User, now: datetime, consumer: str | None = None
) -> Source:
    """It gives again what its limit leaves; resuming what is not paused changes nothing."""
    return _change(source, budget, consumer, acting_user=acting_user, now=now, entry=None)


def _change(
    source: Source,
    budget: str,
    consumer: str | None,
    *,
    acting_user: User,
    now: datetime,
    entry: dict[str, str] | None,
) -> Source:
    require_role(acting_user=acting_user, organisation=source.organisation, roles=EDITORS)
    with transaction.atomic(durable=True):
        locked = lock(source)
        taking_effect.apply_due(locked, now=now)
        limits = _limits(locked)
        name = _name(locked, limits, budget, consumer)
        before = locked.paused_budgets.get(name)
        if (before is None) == (entry is None):
            return locked
        others = {key: value for key, value in locked.paused_budgets.items() if key != name}
        locked.paused_budgets = others if entry is None else {**others, name: entry}
        locked.save(update_fields=["paused_budgets"])
        if budget in {budget_names.LIFETIME, budget_names.PRIVACY}:
            limits_stated.state_lifetimes(source=locked, limits=limits, now=now)
        else:
            limits_stated.state_windows(source=locked, limits=limits, now=now)
        audit.record(
            acting_user=acting_user.username,
            action="budget.resumed" if entry is None else "budget.paused",
            subject=f"source:{locked.slug}",
            before={name: before},
            after={name: entry},
            organisation_slug=locked.organisation.slug,
            now=now,
        )
    return locked


def _limits(source: Source) -> Limits:
    if source.policy is None:
        raise Conflict(
            "A source without a policy votes for nobody, so there is no budget to pause.",
            code="no_policy",
            next_step="Publish a policy first.",
        )
    return parsed(source.policy).limits


def _name(source: Source, limits: Limits, budget: str, consumer: str | None) -> str:
    """The key of the pause, checked: an existing budget, and a consumer only where it has one of its own."""
    known = budget_names.names(limits)
    if budget not in known:
        raise Invalid(
            f"There is no budget '{budget}' that could be paused.",
            code="unknown_budget",
            next_step=f"Use one of {', '.join(known)}.",
        )
    if consumer is None:
        return budget
    if not budget.endswith("-each"):
        raise Invalid(f"The budget '{budget}' is not one consumer's; leave `consumer` out.")
    if not WindowBudget.objects.filter(source=source, consumer__slug=consumer).exists():
        raise NotFound(f"'{consumer}' has not used a budget of '{source.slug}' yet.")
    return budget_names.of_consumer(budget, consumer)
