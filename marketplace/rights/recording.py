"""What the documents of a version say about their own use, kept with the version: written in its transaction.

Documents that were read for the version before are not read again, and what their owner decided stays
decided as long as nothing new states the same term.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from marketplace.models import Document, RightsDecision, RightsFinding, RightsReading, SourceVersion
from marketplace.rights.places import find
from marketplace.rights.terms import Term, Verdict, Vocabulary
from marketplace.storage import store
from marketplace.texts import Text


@dataclass(slots=True)
class _Gathered:
    """One term of a version, as it comes together; `places` by the digest of the document."""

    term: Term
    places: dict[str, dict[str, Any]] = field(default_factory=dict)


def record(
    *, version: SourceVersion, before: SourceVersion | None, texts: Sequence[Text], now: datetime
) -> int:
    """Read the new texts, carry the rest over; how many findings wait for their owner."""
    contents = {text.digest: text.content for text in texts}
    earlier = _reading_of(before)
    kept = {} if earlier is None else {finding.key: finding for finding in earlier.findings.all()}
    documents = list(version.documents.all())
    gathered = _carried(kept.values(), {document.digest for document in documents})
    for document in documents:
        if document.digest in contents or earlier is None:
            _gather(gathered, document, contents.get(document.digest))
    return _write(version, gathered, kept, now)


def was_read(version: SourceVersion) -> bool:
    return RightsReading.objects.filter(version=version).exists()


def _reading_of(version: SourceVersion | None) -> RightsReading | None:
    return RightsReading.objects.filter(version=version).first() if version else None


def _carried(findings: Iterable[RightsFinding], present: Collection[str]) -> dict[str, _Gathered]:
    carried = {}
    for finding in findings:
        places = {place["digest"]: place for place in finding.places if place["digest"] in present}
        if places:
            carried[finding.key] = _Gathered(_term_of(finding), places)
    return carried


def _gather(gathered: dict[str, _Gathered], document: Document, content: bytes | None) -> None:
    whole = store().open(document.digest).read_bytes() if content is None else content
    for found in find(whole.decode("utf-8-sig")):
        key = _key(found.term)
        one = gathered.setdefault(key, _Gathered(found.term))
        place = {"document": document.name, "digest": document.digest, "line": found.line}
        one.places.setdefault(document.digest, place)


def _write(
    version: SourceVersion,
    gathered: Mapping[str, _Gathered],
    kept: Mapping[str, RightsFinding],
    now: datetime,
) -> int:
    reading = RightsReading.objects.create(version=version, read_at=now)
    rows = [_row(reading, key, one, kept.get(key)) for key, one in gathered.items()]
    RightsFinding.objects.bulk_create(rows)
    return sum(row.decision == RightsDecision.OPEN for row in rows)


def _row(reading: RightsReading, key: str, one: _Gathered, kept: RightsFinding | None) -> RightsFinding:
    term = one.term
    row = RightsFinding(
        reading=reading, key=key, vocabulary=term.vocabulary, statement=term.statement, verdict=term.verdict,
        sentence=term.sentence, draft=dict(term.draft), forbids_training=term.forbids_training,
        places=list(one.places.values()),
    )  # fmt: skip
    if kept is not None and one.places.keys() <= {place["digest"] for place in kept.places}:
        row.decision, row.note = kept.decision, kept.note
        row.decided_by_id, row.decided_at = kept.decided_by_id, kept.decided_at
    return row


def _term_of(finding: RightsFinding) -> Term:
    vocabulary, verdict = cast("Vocabulary", finding.vocabulary), cast("Verdict", finding.verdict)
    return Term(
        vocabulary, finding.statement, verdict, finding.sentence, finding.draft, finding.forbids_training
    )


def _key(term: Term) -> str:
    return hashlib.sha256(f"{term.vocabulary}\n{term.verdict}\n{term.statement}".encode()).hexdigest()
