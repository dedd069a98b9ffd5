"""The policy versions of a source, and how each stands at a moment. Reads only."""

from datetime import datetime

from django.db.models import QuerySet

from accounting.errors import NotFound
from marketplace.models import PolicyVersion, ReviewState, Source

IN_FORCE, WAITING, IN_REVIEW = "in_force", "waiting", "in_review"
CALLED_OFF, NOT_APPROVED, REPLACED = "called_off", "not_approved", "replaced"
STATES = (IN_FORCE, WAITING, IN_REVIEW, CALLED_OFF, NOT_APPROVED, REPLACED)
_REFUSED = (ReviewState.CHANGES_REQUESTED, ReviewState.REJECTED, ReviewState.REPLACED)


def versions_of(source: Source) -> QuerySet[PolicyVersion]:
    """Newest first, with what lists and pages show of each."""
    return (
        PolicyVersion.objects.filter(source=source)
        .select_related("source", "replaces", "published_by", "cancellation__cancelled_by", "review")
        .order_by("-number")
    )


def one_of(*, source: Source, number: int) -> PolicyVersion:
    found = versions_of(source).filter(number=number).first()
    if found is None:
        raise NotFound(
            f"'{source.slug}' has no policy version {number}.",
            next_step=f"GET /v1/sources/{source.slug}/policies lists them.",
        )
    return found


def current(source: Source, now: datetime) -> PolicyVersion | None:
    """What holds now, else what waits for a reviewer; also where its moment came and nobody asked yet."""
    return in_force(source, now) or source.policies.filter(review__state=ReviewState.WAITING).first()


def in_force(source: Source, now: datetime) -> PolicyVersion | None:
    """What holds now, also where its moment came and nobody asked yet."""
    return source.next_policy if _is_due(source, now) else source.policy


def state_of(version: PolicyVersion, now: datetime) -> str:
    """One of STATES."""
    source, review = version.source, getattr(version, "review", None)
    if review is not None and review.state == ReviewState.WAITING:
        return IN_REVIEW
    if version.pk == (source.next_policy_id if _is_due(source, now) else source.policy_id):
        return IN_FORCE
    if version.pk == source.next_policy_id:
        return WAITING
    if hasattr(version, "cancellation"):
        return CALLED_OFF
    return NOT_APPROVED if review is not None and review.state in _REFUSED else REPLACED


def _is_due(source: Source, now: datetime) -> bool:
    return source.next_policy_at is not None and source.next_policy_at <= now
