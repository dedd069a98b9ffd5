"""A published policy takes effect: the one way in which a source gets the policy that it votes under.

Runs inside the transaction of whoever decided it (its owner by publishing, a reviewer by approving). It
decides nothing, and writes no audit row: the decision has one.
"""

from datetime import datetime

from django.db.models import Q, QuerySet

from marketplace import limits_stated, pausing
from marketplace.models import PolicyVersion, ReviewState, Source, SourceState
from marketplace.parsed_policies import parsed


def take_effect(*, source: Source, version: PolicyVersion, now: datetime) -> None:
    """In force from the next answer on, with its limits stated to the accounts of the (locked) source."""
    limits = parsed(version).limits
    source.policy = version
    source.paused_budgets = pausing.without_unknown(source, limits)
    limits_stated.state_lifetimes(source=source, limits=limits, now=now)
    limits_stated.state_windows(source=source, limits=limits, now=now)
    if source.state in {SourceState.DRAFT, SourceState.IN_REVIEW}:
        source.state = SourceState.LIVE
    source.save(update_fields=["policy", "state", "paused_budgets"])


def taken(source: Source) -> QuerySet[PolicyVersion]:
    """The versions that are or were in force, newest first: what no reviewer let in has never been."""
    let_in = Q(review__isnull=True) | Q(review__state=ReviewState.APPROVED)
    return source.policies.filter(let_in).order_by("-number")
