"""The general verbs of bookkeeping: post, hold, post held, void, expire, and any of them linked, all or none.

Each call has an id that the client made. The same id and content gives the first outcome again, a refusal
included: a retry never changes what happened. Inside a caller's transaction a refusal is undone with it. What
an answer holds is not moved here (`holds`, `settlement`), and nobody's permission is asked for.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, transaction

from accounting import chains, operations, refusals
from accounting.errors import DomainError
from accounting.models import Phase, Transfer
from accounting.steps import HoldStep, PostHeldStep, PostStep, Step, VoidStep, require_valid
from accounting.writes import durable_write, joining_write

__all__ = [
    "HoldStep", "PostHeldStep", "PostStep", "Step", "VoidStep",
    "expire_due", "hold", "linked", "post", "post_held", "void",
]  # fmt: skip
logger = logging.getLogger(__name__)


def post(*, operation_id: UUID, step: PostStep, now: datetime) -> UUID:
    return linked(operation_id=operation_id, steps=(step,), now=now)[0]


def hold(*, operation_id: UUID, step: HoldStep, now: datetime) -> UUID:
    """The id of the pending transfer, which `post_held` or `void` resolves, or its expiry."""
    return linked(operation_id=operation_id, steps=(step,), now=now)[0]


def post_held(*, operation_id: UUID, pending_id: UUID, amount: int | None = None, now: datetime) -> UUID:
    """Post all that is held, or `amount` of it; the rest is released by the same row."""
    return linked(operation_id=operation_id, steps=(PostHeldStep(pending_id, amount),), now=now)[0]


def void(*, operation_id: UUID, pending_id: UUID, now: datetime) -> UUID:
    return linked(operation_id=operation_id, steps=(VoidStep(pending_id),), now=now)[0]


def linked(
    *, operation_id: UUID, steps: Sequence[Step], now: datetime, kind: str = "transfers"
) -> tuple[UUID, ...]:
    """All steps or none, in order; the refusal says as `step` which one failed first, counted from 0."""
    require_valid(steps)
    outcome = _once(operation_id, steps, now, kind)
    refusals.raise_if_refused(outcome)
    return tuple(UUID(value) for value in outcome["transfers"])


@joining_write
def _once(operation_id: UUID, steps: Sequence[Step], now: datetime, kind: str) -> operations.Outcome:
    content = {"steps": [step.content() for step in steps]}
    outcome = operations.begin(operation_id=operation_id, kind=kind, content=content, now=now)
    if outcome is None:
        outcome = _carried_out(operation_id, steps, now)
        operations.finish(operation_id=operation_id, outcome=outcome)
    return outcome


def _carried_out(operation_id: UUID, steps: Sequence[Step], now: datetime) -> operations.Outcome:
    try:
        with transaction.atomic():
            rows = Transfer.objects.bulk_create(chains.rows_of(operation_id, steps, now))
    except DomainError as refusal:
        return refusals.kept(refusal)
    return {"transfers": [str(row.pk) for row in rows]}


def expire_due(*, now: datetime, most: int = 500) -> int:
    """Release every pending transfer whose time is over, each by itself; says how many. Called by upkeep."""
    due = Transfer.objects.filter(
        phase=Phase.PENDING, hold__isnull=True, expires_at__lte=now, resolution__isnull=True
    ).order_by("expires_at")
    ended = 0
    for pending_id in list(due.values_list("pk", flat=True)[:most]):
        try:
            ended += _expire(pending_id, now)
        except (DomainError, DatabaseError):
            logger.exception("Transfer %s could not be expired; the others go on", pending_id)
    return ended


@durable_write
def _expire(pending_id: UUID, now: datetime) -> bool:
    """False when it was resolved at the same moment."""
    pending = chains.lock_transfers((pending_id,))[pending_id]
    if chains.resolutions((pending_id,)):
        return False
    operation_id = operations.numbered(pending_id, "expire")
    operations.begin(operation_id=operation_id, kind="expire_transfer", content={}, now=now)
    row = chains.resolving(pending, Phase.EXPIRE, now)
    row.id, row.operation_id = operations.numbered(operation_id, 0), operation_id
    row.save(force_insert=True)
    operations.finish(operation_id=operation_id, outcome={"transfers": [str(row.pk)]})
    return True
