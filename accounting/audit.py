"""Keeps who changed what; transfers need no row here, they are their own audit.

Joins the caller's transaction: a change and its audit row exist together or not at all.
"""

from datetime import datetime
from typing import Any

from accounting.models import AuditEvent


def record(
    *,
    acting_user: str,
    action: str,
    subject: str,
    before: Any = None,
    after: Any = None,
    organisation_slug: str = "",
    now: datetime,
) -> AuditEvent:
    """`before` is None for what is new, `after` for what is gone; an event says at least one of them."""
    if before is None and after is None:
        raise ValueError(f"{action} of {subject}: say what was before, or what is after")
    return AuditEvent.objects.create(
        at=now,
        actor=acting_user,
        action=action,
        subject=subject,
        before=before,
        after=after,
        organisation_slug=organisation_slug,
    )
