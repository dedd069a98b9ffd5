"""How a source presents itself to others: who may know of it, and under which topics it is found.

Takes effect at once, in the catalogue and for the next answer. What is shown to whom follows in
`marketplace.visibility`; whether the source votes is its policy's and `marketplace.standing`'s.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounting import audit
from accounting.errors import Invalid
from marketplace.catalogue import entries
from marketplace.catalogue.topics import MOST_TOPICS, TOPICS
from marketplace.models import Source, User, Visibility
from marketplace.registration import lock
from marketplace.roles import EDITORS, require_role


def set_visibility(*, source: Source, visibility: str, acting_user: User, now: datetime) -> Source:
    """Public, listed on request, or private from now on; the same again changes nothing."""
    if visibility not in Visibility.values:
        raise Invalid(
            f"The visibility '{visibility}' is not known.",
            code="unknown_visibility",
            next_step=f"Use one of {', '.join(Visibility.values)}.",
        )
    return _set(source, "visibility", visibility, acting_user, now)


def set_topics(*, source: Source, topics: Sequence[str], acting_user: User, now: datetime) -> Source:
    """At most three of the published topics, from now on; none is possible too."""
    unknown = sorted(set(topics) - set(TOPICS))
    if unknown or len(set(topics)) > MOST_TOPICS:
        raise Invalid(
            f"The topic '{unknown[0]}' is not known." if unknown else f"At most {MOST_TOPICS} topics.",
            code="invalid_topics",
            next_step=f"Use at most {MOST_TOPICS} of {', '.join(TOPICS)}.",
        )
    return _set(source, "topics", [slug for slug in TOPICS if slug in topics], acting_user, now)


def _set(source: Source, field: str, value: object, acting_user: User, now: datetime) -> Source:
    require_role(acting_user=acting_user, organisation=source.organisation, roles=EDITORS)
    with transaction.atomic(durable=True):
        locked = lock(source)
        before = getattr(locked, field)
        if before == value:
            return locked
        setattr(locked, field, value)
        locked.save(update_fields=[field])
        entries.refresh(locked)
        audit.record(
            acting_user=acting_user.username, action=f"source.{field}_set", subject=f"source:{locked.slug}",
            before={field: before}, after={field: value}, organisation_slug=locked.organisation.slug, now=now,
        )  # fmt: skip
    return locked
