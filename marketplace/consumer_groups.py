"""Groups of consumers that policies name together: opened, named, and filled by operators.

A group stays for good: were one that a policy denies deleted, the policy would deny nobody. Emptying it is
the way to end it.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounting import audit
from accounting.errors import Conflict
from accounting.writes import durable_write
from marketplace.models import ConsumerGroup, Organisation, User
from marketplace.organisations import check_slug
from marketplace.roles import require_operator

Change = dict[str, str] | None


def open_group(*, slug: str, title: str, acting_user: User, now: datetime) -> ConsumerGroup:
    require_operator(acting_user)
    check_slug(slug)
    try:
        with transaction.atomic(durable=True):
            group = ConsumerGroup.objects.create(slug=slug, title=title, created_at=now)
            after = {"title": title}
            _record(
                "consumer_group.opened", group, before=None, after=after, acting_user=acting_user, now=now
            )
    except IntegrityError as error:
        raise Conflict(f"The group '{slug}' exists already.", code="slug_taken") from error
    return group


@durable_write
def put_in(*, group: ConsumerGroup, organisation: Organisation, acting_user: User, now: datetime) -> None:
    """The organisation counts as one of the group from the next question on; twice is once."""
    require_operator(acting_user)
    if _has(group, organisation):
        return
    group.organisations.add(organisation)
    after = {"organisation": organisation.slug}
    _record("consumer_group.joined", group, before=None, after=after, acting_user=acting_user, now=now)


@durable_write
def take_out(*, group: ConsumerGroup, organisation: Organisation, acting_user: User, now: datetime) -> None:
    """The organisation is none of the group from the next question on; twice is once."""
    require_operator(acting_user)
    if not _has(group, organisation):
        return
    group.organisations.remove(organisation)
    before = {"organisation": organisation.slug}
    _record("consumer_group.left", group, before=before, after=None, acting_user=acting_user, now=now)


def _has(group: ConsumerGroup, organisation: Organisation) -> bool:
    return group.organisations.filter(pk=organisation.pk).exists()


def _record(
    action: str, group: ConsumerGroup, *, before: Change, after: Change, acting_user: User, now: datetime
) -> None:
    audit.record(
        acting_user=acting_user.username, action=action, subject=f"consumer_group:{group.slug}",
        before=before, after=after, now=now,
        organisation_slug=(before or after or {}).get("organisation", ""),
    )  # fmt: skip
