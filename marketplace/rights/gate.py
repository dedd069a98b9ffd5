"""Whether a version may be made a partition: after its owner's word on every term that its texts state."""

from django.db.models import QuerySet

from accounting.errors import Conflict
from marketplace.models import RightsDecision, RightsFinding, Source, SourceVersion

SHOWN = 5


def waiting_in(version: SourceVersion | None) -> int:
    """How many findings of a version wait for their owner."""
    waiting = RightsFinding.objects.filter(reading__version=version, decision=RightsDecision.OPEN)
    return waiting.count() if version else 0


def require_confirmed(*, source: Source, version: SourceVersion) -> None:
    """Conflict while a finding waits, or while one that applies forbids training."""
    findings = RightsFinding.objects.filter(reading__version=version)
    waiting = findings.filter(decision=RightsDecision.OPEN)
    if waiting.exists():
        raise Conflict(
            f"Texts of '{source.slug}' state terms of their own that wait for your word: {_named(waiting)}.",
            code="rights_unconfirmed",
            next_step=f"Read /v1/sources/{source.slug}/rights or the source's page, and confirm each one.",
            findings=list(waiting.values_list("pk", flat=True)[:200]),
        )
    forbidding = findings.filter(decision=RightsDecision.APPLIES, forbids_training=True)
    if forbidding.exists():
        raise Conflict(
            f"You confirmed that terms of '{source.slug}' apply which forbid training: {_named(forbidding)}.",
            code="rights_forbid_training",
            next_step="Take those documents out, or decide that the terms do not apply and say why.",
            findings=list(forbidding.values_list("pk", flat=True)[:200]),
        )


def _named(findings: QuerySet[RightsFinding]) -> str:
    """The first of them by their own words, and how many more there are."""
    statements = [f"'{one}'" for one in findings.values_list("statement", flat=True)[:SHOWN]]
    more = findings.count() - len(statements)
    return ", ".join(statements) + (f" and {more} more" if more else "")
