"""How a source presents itself to others: who may know of it.

Takes effect at once, in the catalogue and for the next answer. What is shown to whom follows in
`marketplace.visibility`; whether the source votes is its policy's and `marketplace.standing`'s.
"""

from datetime import datetime

from django.db import transaction

from accounting import audit
from accounting.errors import Invalid
from marketplace.models import Source, User, Visibility
from marketplace.registration import lock
from marketplace.roles import EDITORS, require_role


def set_visibility(*, source: Source, visibility: str, acting_user: User, now: datetime) -> Source:
    """Public, listed on request, or private from now on; the same again changes nothing."""
    require_role(acting_user=acting_user, organisation=source.organisation, roles=EDITORS)
    if visibility not in Visibility.values:
        raise Invalid(
            f"The visibility '{visibility}' is not known.",
            code="unknown_visibility",
            next_step=f"Use one of {', '.join(Visibility.values)}.",
        )
    with transaction.atomic(durable=True):
        locked = lock(source)
        before = locked.visibility
        if before == visibility:
            return locked
        locked.visibility = visibility
        locked.save(update_fields=["visibility"])
        audit.record(
            acting_user=acting_user.username, action="source.visibility_set",
            subject=f"source:{locked.slug}", before={"visibility": before}, after={"visibility": visibility},
            organisation_slug=locked.organisation.slug, now=now,
        )  # fmt: skip
    return locked
