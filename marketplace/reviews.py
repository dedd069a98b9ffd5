"""The review queue: what waits for a policy reviewer before it votes, and the decision.

Fail closed: while a policy waits, its source votes under no policy, neither the new one nor the one before
(its owner has taken that one back). A policy that was in force before needs no second review, so that the way
back is never closed. `PUBLISHING_REVIEW` says what waits.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounting import audit
from accounting.errors import Conflict, Invalid
from marketplace.catalogue import entries
from marketplace.models import PolicyVersion, ReviewItem, ReviewState, Source, SourceState, User
from marketplace.registration import lock
from marketplace.roles import REVIEWERS, require_staff
from marketplace.taking_effect import apply_due, take_back, take_effect, taken

LONGEST_REASON = 300


def is_needed(source: Source, digest: str) -> bool:
    """Whether a policy of this source has to wait before it takes effect."""
    if settings.PUBLISHING_REVIEW == "none" or taken(source).filter(digest=digest).exists():
        return False
    return settings.PUBLISHING_REVIEW == "every" or not taken(source).exists()


def waiting_of(source: Source) -> ReviewItem | None:
    return ReviewItem.objects.filter(source=source, state=ReviewState.WAITING).first()


def newest_of(source: Source) -> ReviewItem | None:
    """What its owner should read: the last decision, or that it waits."""
    return ReviewItem.objects.filter(source=source).select_related("version").order_by("-pk").first()


def queue(*, source: Source, version: PolicyVersion, acting_user: User, now: datetime) -> ReviewItem:
    """Part of publishing: the (locked) source votes under nothing until a reviewer has decided.

    What is announced for later leaves the policy in force until its moment (`taking_effect.apply_due`).
    """
    is_first = not taken(source).exclude(pk=version.pk).exists()
    replace_waiting(source=source, now=now)
    item = ReviewItem.objects.create(
        source=source, version=version, is_first=is_first, asked_by=acting_user, asked_at=now
    )
    if version.effective_at <= now:
        take_back(source)
    return item


def replace_waiting(*, source: Source, now: datetime) -> None:
    """What still waits of this source is not asked for any more."""
    ReviewItem.objects.filter(source=source, state=ReviewState.WAITING).update(
        state=ReviewState.REPLACED, decided_at=now
    )


def approve(*, item: ReviewItem, acting_user: User, now: datetime, reason: str = "") -> ReviewItem:
    """The policy takes effect, from the next answer on."""
    return _decide(item, ReviewState.APPROVED, reason, acting_user, now)


def request_changes(*, item: ReviewItem, reason: str, acting_user: User, now: datetime) -> ReviewItem:
    """The owner reads the reason, and publishes again."""
    return _decide(item, ReviewState.CHANGES_REQUESTED, reason, acting_user, now)


def reject(*, item: ReviewItem, reason: str, acting_user: User, now: datetime) -> ReviewItem:
    """The policy never takes effect; the owner reads why."""
    return _decide(item, ReviewState.REJECTED, reason, acting_user, now)


def age_of(item: ReviewItem, now: datetime) -> timedelta:
    """How long it waited, or waits."""
    return (item.decided_at or now) - item.asked_at


def _decide(
    item: ReviewItem, state: ReviewState, reason: str, acting_user: User, now: datetime
) -> ReviewItem:
    require_staff(acting_user, REVIEWERS)
    reason = checked_reason(reason, needed=state != ReviewState.APPROVED)
    with transaction.atomic(durable=True):
        source = lock(item.source)
        apply_due(source, now=now)
        changed = ReviewItem.objects.filter(pk=item.pk, state=ReviewState.WAITING).update(
            state=state, reason=reason, decided_by=acting_user, decided_at=now
        )
        if not changed:
            raise Conflict(
                "This was decided already, or its owner published another policy meanwhile.",
                code="already_decided",
                next_step="Look at the queue again.",
            )
        announced = source.next_policy_id == item.version_id
        if announced and state != ReviewState.APPROVED:
            source.next_policy, source.next_policy_at = None, None
            source.save(update_fields=["next_policy", "next_policy_at"])
        elif state == ReviewState.APPROVED and not announced:
            take_effect(source=source, version=item.version, now=now)
        elif source.state == SourceState.IN_REVIEW:
            source.state = SourceState.DRAFT
            source.save(update_fields=["state"])
            entries.refresh(source)
        audit.record(
            acting_user=acting_user.username, action=f"review.{state}", subject=f"source:{source.slug}",
            before={"policy": item.version.number, "state": ReviewState.WAITING},
            after={"policy": item.version.number, "state": state, "reason": reason},
            organisation_slug=source.organisation.slug, now=now,
        )  # fmt: skip
    item.refresh_from_db()
    return item


def checked_reason(reason: str, *, needed: bool = True) -> str:
    """Trimmed; somebody has to read it, so it cannot be empty where it is needed."""
    reason = reason.strip()
    if len(reason) > LONGEST_REASON or (needed and not reason):
        raise Invalid(f"A reason has 1 to {LONGEST_REASON} characters.", code="reason_needed", param="reason")
    return reason
