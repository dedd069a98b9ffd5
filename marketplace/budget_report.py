"""Where a source's intelligence budgets stand, for its owner: lifetime, privacy, and consumers' days.

Writes nothing. Privacy is also told as the epsilon of (epsilon, delta), through zCDP: what was spent so far
and what the whole budget guarantees, for the source's presence and for a replacement of its data.
"""

from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

from django.conf import settings

from accounting import budgets
from accounting.maths import zcdp
from marketplace.models import Source
from marketplace.parsed_policies import parsed
from marketplace.policy.request import NANO

MOST_DAYS = 100
REPLACED = 4  # out and in again: twice the distance, so at most four times the zCDP charge


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One budget; None as a limit is unlimited."""

    kind: str
    consumer: str | None
    day: date | None
    limit_nano_nats: int | None
    spent_nano_nats: int
    held_nano_nats: int
    left_nano_nats: int | None
    delta: float | None = None
    epsilon_spent: float | None = None
    epsilon_spent_if_replaced: float | None = None
    epsilon_limit: float | None = None
    epsilon_limit_if_replaced: float | None = None


def budgets_of(*, source: Source) -> list[BudgetLine]:
    """Lifetime first, then privacy where the policy has such a clause, then the latest days."""
    days = list(
        source.window_budgets.select_related("consumer").order_by("-starts_at", "consumer__slug")[:MOST_DAYS]
    )
    own = (source.budget_account_id, source.privacy_account_id)
    states = budgets.states(list(chain(own, (day.account_id for day in days))))
    lines = [_line("lifetime", states[source.budget_account_id])]
    privacy = parsed(source.policy).limits.privacy if source.policy else None
    if privacy is not None:
        lines.append(_privacy_line(states[source.privacy_account_id], privacy.delta))
    return lines + [
        _line(
            "day",
            states[day.account_id],
            day.consumer.slug if day.consumer else None,
            day.starts_at.date() if day.starts_at else None,
        )
        for day in days
    ]


def _line(
    kind: str, state: budgets.BudgetState, consumer: str | None = None, day: date | None = None
) -> BudgetLine:
    return BudgetLine(kind, consumer, day, state.limit, state.spent, state.held, state.left)


def _privacy_line(state: budgets.BudgetState, delta: float) -> BudgetLine:
    spent, limit = state.spent + state.held, state.limit
    return replace(
        _line("privacy", state),
        delta=delta,
        epsilon_spent=_epsilon(spent, delta),
        epsilon_spent_if_replaced=_epsilon(spent, delta, times=REPLACED),
        epsilon_limit=None if limit is None else _epsilon(limit, delta),
        epsilon_limit_if_replaced=None if limit is None else _epsilon(limit, delta, times=REPLACED),
    )


def _epsilon(nano_nats: int, delta: float, *, times: int = 1) -> float:
    """A charge at order alpha is alpha times a zCDP charge, so one ledger gives the whole curve."""
    return zcdp.epsilon(rho_zcdp=times * nano_nats / NANO / settings.ALPHA, delta=delta)
