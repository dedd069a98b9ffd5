"""The states of an answer, each changed by one conditional update: queued, running, then ended exactly once.

Whoever loses such an update knows that someone else was first. Knows nothing of models, votes or money.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction

from accounting.errors import Conflict
from inference import waiting_line
from inference.models import ENDED, Answer, AnswerKind, AnswerState
from inference.problems import Problem
from inference.sealing import seal, unseal
from marketplace.models import ApiKey, Organisation
from marketplace.work import enqueue

ENGINE_TASK = "workers.tasks.answer"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and for what."""

    organisation: Organisation
    api_key: ApiKey | None
    kind: AnswerKind
    body: Mapping[str, Any]
    purpose: str = ""
    idempotency_key: str | None = None


def queue(asked: Asked, *, now: datetime) -> Answer:
    """The row, and the engine told on commit. The same key and content gives the row that is there.

    TooMany where no place is left in the line; then nothing is written.
    """
    digest = _digest(asked)
    earlier = _earlier(asked, digest)
    if earlier is not None:
        return earlier
    answer_id = uuid4()
    sealed = seal(dict(asked.body), organisation_id=asked.organisation.pk, answer_id=answer_id)
    try:
        with transaction.atomic():
            waiting_line.take_place(organisation_id=asked.organisation.pk, now=now)
            answer = Answer.objects.create(
                id=answer_id,
                organisation=asked.organisation,
                api_key=asked.api_key,
                kind=asked.kind,
                purpose=asked.purpose,
                sealed_request=sealed,
                idempotency_key=asked.idempotency_key,
                request_digest=digest,
                created_at=now,
            )
    except IntegrityError:  # the same key, at the same moment
        earlier = _earlier(asked, digest)
        if earlier is None:
            raise
        return earlier
    enqueue(ENGINE_TASK, queue="serve", answer_id=str(answer_id))
    return answer


def start(*, answer_id: UUID, now: datetime) -> Answer | None:
    """The answer, now running; None where it runs, has ended, or is not there: it is never run twice."""
    changed = Answer.objects.filter(pk=answer_id, state=AnswerState.QUEUED).update(
        state=AnswerState.RUNNING, started_at=now, lease_until=_lease(now)
    )
    if not changed:
        return None
    return Answer.objects.select_related("organisation", "api_key").get(pk=answer_id)


def begin_choices(request: Answer, *, count: int, now: datetime) -> tuple[Answer, ...]:
    """A row for each choice of a request that runs, running too: no engine takes it up by itself."""
    return tuple(
        Answer.objects.bulk_create(
            Answer(
                part_of=request,
                choice=place,
                organisation=request.organisation,
                api_key=request.api_key,
                kind=request.kind,
                purpose=request.purpose,
                state=AnswerState.RUNNING,
                sealed_request=b"",
                request_digest=request.request_digest,
                created_at=request.created_at,
                started_at=now,
                lease_until=_lease(now),
            )
            for place in range(count)
        )
    )


def renew(*, answer_id: UUID, now: datetime) -> None:
    Answer.objects.filter(pk=answer_id, state=AnswerState.RUNNING).update(lease_until=_lease(now))


def finish(
    answer: Answer,
    *,
    state: AnswerState,
    outcome: Sequence[Mapping[str, Any]],
    now: datetime,
    receipt_id: UUID | None,
) -> bool:
    """Ends a running answer. The outcome is kept only where a repeat of the request may ask for it again."""
    sealed = None
    if answer.idempotency_key is not None:
        sealed = seal(list(outcome), organisation_id=answer.organisation_id, answer_id=answer.pk)
    changed = Answer.objects.filter(pk=answer.pk).exclude(state__in=ENDED).update(
        state=state, finished_at=now, lease_until=None, receipt_id=receipt_id, sealed_request=b"",
        sealed_response=sealed,
    )  # fmt: skip
    return bool(changed)


def fail(*, answer_id: UUID, problem: Problem, now: datetime, receipt_id: UUID | None = None) -> bool:
    """Ends an answer with a problem; False where it had ended already."""
    changed = Answer.objects.filter(pk=answer_id).exclude(state__in=ENDED).update(
        state=AnswerState.FAILED, finished_at=now, lease_until=None, error=dict(problem), sealed_request=b"",
        receipt_id=receipt_id,
    )  # fmt: skip
    return bool(changed)


def cancel_waiting(*, answer_id: UUID, problem: Problem, now: datetime) -> bool:
    """Ends an answer that no engine has started: nothing was held. False where one has, or it had ended."""
    changed = Answer.objects.filter(pk=answer_id, state=AnswerState.QUEUED).update(
        state=AnswerState.CANCELLED, finished_at=now, error=dict(problem), sealed_request=b""
    )
    return bool(changed)


def request_of(answer: Answer) -> Any:
    return unseal(answer.sealed_request, organisation_id=answer.organisation_id, answer_id=answer.pk)


def outcome_of(answer: Answer) -> list[dict[str, Any]]:
    """The events that an ended answer is told by, after its channel has forgotten it."""
    if answer.error is not None:
        return [{"type": "error", "problem": answer.error}]
    if answer.sealed_response is None:
        return []
    events: list[dict[str, Any]] = unseal(
        answer.sealed_response, organisation_id=answer.organisation_id, answer_id=answer.pk
    )
    return events


def _earlier(asked: Asked, digest: str) -> Answer | None:
    if asked.idempotency_key is None:
        return None
    earlier = Answer.objects.filter(
        organisation=asked.organisation, idempotency_key=asked.idempotency_key
    ).first()
    if earlier is not None and earlier.request_digest != digest:
        raise Conflict(
            "This Idempotency-Key was used for another request.",
            code="idempotency_key_reused",
            next_step="Use a new key for a new request.",
        )
    return earlier


def _digest(asked: Asked) -> str:
    content = json.dumps([asked.kind, asked.purpose, asked.body], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _lease(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.ANSWER_LEASE_SECONDS)
