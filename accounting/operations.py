"""Makes writes safe to repeat (rule 4): the same id and content gives the first outcome, other content a 409.

Must run inside the transaction of the write: the row that `begin` inserts is what a concurrent repetition
waits for, and `finish` fills its outcome before anybody can see it.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from accounting.errors import Conflict
from accounting.models import Operation

Outcome = dict[str, Any]


def canonical_json(value: object) -> bytes:
    """One spelling for one content: sorted keys, no spaces, UTF-8, no NaN."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest_of(content: Mapping[str, object]) -> str:
    return hashlib.sha256(canonical_json(content)).hexdigest()


def begin(*, operation_id: UUID, kind: str, content: Mapping[str, object], now: datetime) -> Outcome | None:
    """None when this is the first time; otherwise the outcome of the first time."""
    digest = digest_of(content)
    Operation.objects.bulk_create(
        [Operation(id=operation_id, kind=kind, digest=digest, created_at=now)], ignore_conflicts=True
    )
    found = Operation.objects.get(pk=operation_id)
    if (found.kind, found.digest) != (kind, digest):
        raise used_otherwise(operation_id)
    outcome: Outcome | None = found.outcome
    return outcome


def used_otherwise(operation_id: UUID) -> Conflict:
    """The same id with other content (rule 4)."""
    return Conflict(
        f"The id {operation_id} was already used for something else.",
        next_step="Repeat the first request unchanged, or make a new id.",
    )


def finish(*, operation_id: UUID, outcome: Outcome) -> None:
    Operation.objects.filter(pk=operation_id).update(outcome=outcome)


def numbered(operation_id: UUID, name: object) -> UUID:
    """An id that belongs to the operation and is the same when it is retried."""
    return uuid5(operation_id, str(name))
