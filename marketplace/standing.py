"""Whether a source votes at all: suspend, resume, withdraw. Each counts from the next answer on.

A suspension by the staff of this market is lifted by its staff only. Withdrawing is for ever; what was earned
and receipted stays as it is.
"""

from datetime import datetime

from django.db import transaction

from accounting import audit
from accounting.errors import Conflict, PermissionDenied
from marketplace import reviews
from marketplace.catalogue import entries
from marketplace.models import (
    LIVE_JOBS,
    Job,
    JobState,
    Membership,
    Partition,
    PartitionState,
    Source,
    SourceState,
    User,
)
from marketplace.registration import lock
from marketplace.roles import EDITORS, MANAGERS, REVIEWERS, has_staff_role, require_role

NOT_PUBLISHED = (SourceState.DRAFT, SourceState.IN_REVIEW)


def suspend(*, source: Source, acting_user: User, now: datetime, reason: str = "") -> Source:
    """The source votes in no further answer until it is resumed."""
    _require_switch(acting_user, source)
    with transaction.atomic(durable=True):
        locked = lock(source)
        if locked.state in NOT_PUBLISHED:
            raise Conflict("A draft does not vote, so it cannot be suspended.", code="not_live")
        locked.suspended_by_operator = locked.suspended_by_operator or _acts_as_operator(acting_user, source)
        return _moved(locked, SourceState.SUSPENDED, reason, acting_user, now)


def resume(*, source: Source, acting_user: User, now: datetime) -> Source:
    """The source votes again from the next answer on."""
    _require_switch(acting_user, source)
    with transaction.atomic(durable=True):
        locked = lock(source)
        if locked.state in NOT_PUBLISHED:
            raise Conflict("A draft has nothing to resume: publish a policy first.", code="not_live")
        if locked.suspended_by_operator and not _acts_as_operator(acting_user, source):
            raise PermissionDenied(
                "The operator of this market suspended the source.",
                next_step="Ask the operator to resume it.",
            )
        locked.suspended_by_operator = False
        waits = reviews.waiting_of(locked) is not None
        return _moved(locked, SourceState.IN_REVIEW if waits else SourceState.LIVE, "", acting_user, now)


def withdraw(*, source: Source, acting_user: User, now: datetime, reason: str = "") -> Source:
    """The source never votes again: its partition is taken back and its training is cancelled."""
    require_role(acting_user=acting_user, organisation=source.organisation, roles=MANAGERS)
    with transaction.atomic(durable=True):
        locked = lock(source)
        Job.objects.filter(source=locked, state__in=LIVE_JOBS).update(
            state=JobState.CANCELLED, message="The source was withdrawn.", lease_until=None, finished_at=now
        )
        Partition.objects.filter(source=locked).exclude(state=PartitionState.FAILED).update(
            state=PartitionState.WITHDRAWN
        )
        reviews.replace_waiting(source=locked, now=now)
        return _moved(locked, SourceState.WITHDRAWN, reason, acting_user, now)


def _moved(source: Source, state: SourceState, reason: str, acting_user: User, now: datetime) -> Source:
    before = source.state
    source.state = state
    source.state_reason = reason
    source.save(update_fields=["state", "state_reason", "suspended_by_operator"])
    entries.refresh(source)
    audit.record(
        acting_user=acting_user.username, action=f"source.{state}", subject=f"source:{source.slug}",
        before={"state": before}, after={"state": state, "reason": reason},
        organisation_slug=source.organisation.slug, now=now,
    )  # fmt: skip
    return source


def _require_switch(user: User, source: Source) -> None:
    """Its own editors, and those who run the market."""
    if not _acts_as_operator(user, source):
        require_role(acting_user=user, organisation=source.organisation, roles=EDITORS)


def _acts_as_operator(user: User, source: Source) -> bool:
    own = Membership.objects.filter(user=user, organisation=source.organisation)
    return has_staff_role(user, REVIEWERS) and not own.exists()
