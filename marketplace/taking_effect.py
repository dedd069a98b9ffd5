"""A published policy takes effect, at once or at its moment: the one way in which a source gets its policy.

A version that waits for its moment counts from it on for whoever asks next. No task has to run: the first
query after the moment puts it in force under the source's lock, before anybody is admitted or held for;
upkeep does it where nobody asks. Its limits become the limits of the source's accounts in the same
transaction, so exactly once. It decides nothing.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from accounting import audit
from accounting.writes import durable_write
from marketplace import agreed_terms, limits_stated
from marketplace.catalogue import entries
from marketplace.models import PolicyVersion, ReviewItem, ReviewState, Source, SourceState
from marketplace.parsed_policies import parsed

UPKEEP = "upkeep"


def take_effect_due(*, now: datetime, source_ids: Collection[int] | None = None) -> int:
    """Put in force what waited until now; says how many. One query, nearly always empty."""
    due = Source.objects.filter(next_policy_at__lte=now).exclude(state=SourceState.WITHDRAWN)
    if source_ids is not None:
        due = due.filter(pk__in=source_ids)
    return sum(_take_effect(source_id, now=now) for source_id in list(due.values_list("pk", flat=True)))


def apply_due(locked: Source, *, now: datetime) -> bool:
    """The same for a source that is locked already; False where nothing waits or its moment is to come."""
    version = locked.next_policy
    if version is None or locked.next_policy_at is None or locked.next_policy_at > now:
        return False
    before = locked.policy
    if ReviewItem.objects.filter(version=version, state=ReviewState.WAITING).exists():
        take_back(locked)
    else:
        take_effect(source=locked, version=version, now=now)
    audit.record(
        acting_user=UPKEEP, action="policy.took_effect", subject=f"source:{locked.slug}",
        before={"version": before.number if before else None},
        after={"version": locked.policy.number if locked.policy else None, "announced": version.number},
        organisation_slug=locked.organisation.slug, now=now,
    )  # fmt: skip
    return True


def take_effect(*, source: Source, version: PolicyVersion, now: datetime) -> None:
    """In force from the next answer on, with its limits stated to the accounts of the (locked) source."""
    limits = parsed(version).limits
    source.policy, source.next_policy, source.next_policy_at = version, None, None
    source.paused_budgets = limits_stated.without_unknown(source, limits)
    limits_stated.state_lifetimes(source=source, limits=limits, now=now)
    limits_stated.state_windows(source=source, limits=limits, now=now)
    if source.state in {SourceState.DRAFT, SourceState.IN_REVIEW}:
        source.state = SourceState.LIVE
    source.save(update_fields=["policy", "next_policy", "next_policy_at", "state", "paused_budgets"])
    agreed_terms.follow(source=source, version=version, now=now)
    entries.refresh(source)


def take_back(source: Source) -> None:
    """Fail closed: while what replaces it waits for a reviewer, the (locked) source votes under nothing."""
    source.policy, source.next_policy, source.next_policy_at = None, None, None
    if source.state != SourceState.SUSPENDED:
        source.state = SourceState.IN_REVIEW
    source.save(update_fields=["policy", "next_policy", "next_policy_at", "state"])
    entries.refresh(source)


def taken(source: Source) -> QuerySet[PolicyVersion]:
    """The versions that are or were in force, newest first: what no reviewer let in has never been."""
    let_in = Q(review__isnull=True) | Q(review__state=ReviewState.APPROVED)
    found = source.policies.filter(let_in, cancellation__isnull=True).order_by("-number")
    return found.exclude(pk=source.next_policy_id) if source.next_policy_id else found


@durable_write
def _take_effect(source_id: int, *, now: datetime) -> bool:
    """False where another process was faster."""
    return apply_due(Source.objects.select_for_update().get(pk=source_id), now=now)
