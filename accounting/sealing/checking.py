"""Verifies the books as an act that leaves a trace: who looked, when, and what was found."""

from datetime import datetime

from accounting import audit
from accounting.models import AuditEvent
from accounting.sealing.verifier import Verified, verify
from accounting.writes import durable_write

ACTION = "audit.verify"


def verify_and_note(
    *, acting_user_label: str, now: datetime, kept_outside: dict[str, str] | None = None
) -> Verified:
    verified = verify(now=now, kept_outside=kept_outside)
    _note(verified, acting_user_label, now)
    return verified


def last_verification() -> AuditEvent | None:
    return AuditEvent.objects.filter(action=ACTION).order_by("-at", "-pk").first()


@durable_write
def _note(verified: Verified, acting_user_label: str, now: datetime) -> None:
    audit.record(
        acting_user=acting_user_label,
        action=ACTION,
        subject="books",
        after={
            "sound": verified.sound,
            "findings": len(verified.findings),
            "first": [str(found) for found in verified.findings[:5]],
            "seals": verified.seals,
            "rows": verified.rows,
            "heads": verified.heads,
        },
        now=now,
    )
