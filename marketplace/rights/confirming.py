"""The owner's word on what uploaded texts say about their own use: it applies, or it does not and why."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounting import audit
from accounting.errors import Invalid, NotFound
from marketplace.models import RightsDecision, RightsFinding, Source, User
from marketplace.registration import lock, newest_version
from marketplace.roles import EDITORS, require_role


def confirm(
    *,
    source: Source,
    findings: Sequence[int],
    decision: str,
    acting_user: User,
    now: datetime,
    note: str = "",
) -> list[RightsFinding]:
    """Decide these findings of the newest version, all or none; deciding again changes the decision."""
    require_role(acting_user=acting_user, organisation=source.organisation, roles=EDITORS)
    _check(decision, note)
    with transaction.atomic(durable=True):
        locked = lock(source)
        rows = _rows(locked, findings)
        before = {str(row.pk): row.decision for row in rows}
        for row in rows:
            row.decision, row.note, row.decided_by, row.decided_at = decision, note.strip(), acting_user, now
        RightsFinding.objects.bulk_update(rows, ["decision", "note", "decided_by", "decided_at"])
        after = {"decision": decision, "note": note.strip(), "statements": [row.statement for row in rows]}
        audit.record(
            acting_user=acting_user.username, action="rights.confirmed", subject=f"source:{locked.slug}",
            before=before, after=after, organisation_slug=locked.organisation.slug, now=now,
        )  # fmt: skip
    return rows


def _check(decision: str, note: str) -> None:
    if decision not in {RightsDecision.APPLIES, RightsDecision.DOES_NOT_APPLY}:
        raise Invalid("The decision must be applies or does_not_apply.", next_step="Choose one of the two.")
    if decision == RightsDecision.DOES_NOT_APPLY and not note.strip():
        raise Invalid(
            "To set a term aside, say why it does not apply.",
            code="note_required",
            next_step="Write the reason into `note`, for example that you hold the rights yourself.",
        )


def _rows(source: Source, findings: Sequence[int]) -> list[RightsFinding]:
    version = newest_version(source)
    found = RightsFinding.objects.filter(reading__version=version, pk__in=findings).select_related(
        "reading__version__source__policy"
    )
    rows = list(found) if version else []
    missing = sorted(set(findings) - {row.pk for row in rows})
    if missing or not rows:
        raise NotFound(
            f"The newest version of '{source.slug}' has no finding {', '.join(map(str, missing))}.",
            next_step=f"GET /v1/sources/{source.slug}/rights lists the findings of the newest version.",
        )
    return rows
