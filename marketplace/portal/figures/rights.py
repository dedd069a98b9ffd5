"""Terms that uploaded texts state about their own use, as their owner reads and decides them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.models import RightsDecision, RightsFinding, Source, SourceVersion
from marketplace.policy import plain as plain_form
from marketplace.policy.problems import PolicyInvalid
from marketplace.policy.sentences import sentences
from marketplace.rights import adopting
from marketplace.rights.against_policy import differences

MOST = 20  # of each kind on the page; the API pages through all of them
PLACES = 3


@dataclass(frozen=True, slots=True)
class FindingShown:
    """`places` names the first documents that state it, with their lines."""

    id: int
    vocabulary: str
    statement: str
    verdict: str
    verdict_in_words: str
    sentence: str
    forbids_training: bool
    places: str
    against_policy: list[str]
    decision_in_words: str
    note: str
    decided_by: str


def shown(source: Source, version: SourceVersion | None, now: datetime) -> dict[str, Any]:
    """What the section of the source's page needs; nothing where no text states anything."""
    found = RightsFinding.objects.filter(reading__version=version).select_related("decided_by")
    rows = list(found) if version else []
    waiting = [row for row in rows if row.decision == RightsDecision.OPEN]
    decided = [row for row in rows if row.decision != RightsDecision.OPEN]
    plain = source.policy.plain if source.policy else {}
    draft = adopting.draft_policy(source=source, now=now) if decided else None
    return {
        "rights_draft": _words(draft),
        "rights_waiting": [_shown(row, plain) for row in waiting[:MOST]],
        "rights_decided": [_shown(row, plain) for row in decided[:MOST]],
        "rights_waiting_count": len(waiting),
        "rights_count": len(rows),
        "rights_forbid_training": any(
            row.forbids_training and row.decision == RightsDecision.APPLIES for row in rows
        ),
    }


def _words(plain: dict[str, Any] | None) -> list[str]:
    """What the narrowed policy would say; nothing where it would contradict itself in another place."""
    try:
        return [] if plain is None else sentences(plain_form.parse(plain))
    except PolicyInvalid:
        return []


def _shown(row: RightsFinding, plain: dict[str, Any]) -> FindingShown:
    return FindingShown(
        id=row.pk, vocabulary=row.get_vocabulary_display(), statement=row.statement, verdict=row.verdict,
        verdict_in_words=row.get_verdict_display().lower(), sentence=row.sentence,
        forbids_training=row.forbids_training, places=_places(row.places),
        against_policy=[] if row.decision == RightsDecision.DOES_NOT_APPLY else differences(row.draft, plain),
        decision_in_words=row.get_decision_display(),
        note=row.note, decided_by=row.decided_by.username if row.decided_by else "",
    )  # fmt: skip


def _places(places: Iterable[dict[str, Any]]) -> str:
    named = [f"{place['document']}, line {place['line']}" for place in places]
    more = len(named) - PLACES
    return "; ".join(named[:PLACES]) + (f"; and {more} more documents" if more > 0 else "")
