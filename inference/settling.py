"""Ends an answer's hold with what was used, keeps its transcript, and closes its row: step 9 of the way.

Receipt, transcript and the answer's own state are written in the one transaction that posts the money, so
they exist together or not at all.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from accounting.held import Held
from accounting.settled import Settled
from accounting.settlement import Usage, settle
from inference import lifecycle
from inference.allowance import HeldAllowance
from inference.bench import Bench
from inference.composing import Composition
from inference.models import Answer, AnswerState, SealedTranscript
from inference.net.constants import constants_digest
from inference.plan import Plan
from inference.problems import ENGINE_FAILED, told
from inference.receipt_body import receipt_body
from inference.report import Measured, abc_of
from inference.request import Question
from inference.sealing import seal


def settle_answer(
    *,
    answer: Answer,
    question: Question,
    measured: Measured,
    made: Composition,
    allowance: HeldAllowance,
    held: Held,
    start: Mapping[str, Any],
    bench: Bench,
) -> dict[str, Any]:
    """The last event of the answer, whatever happened; the money is where it belongs when it is told."""
    now = bench.now()
    sealed = _sealed(answer, question, made)
    digest = hashlib.sha256(sealed).hexdigest() if sealed else None

    def body(settled: Settled) -> dict[str, Any]:
        return dict(
            receipt_body(
                answer=answer,
                question=question,
                measured=measured,
                settled=settled,
                transcript_digest=digest,
                constants_digest=constants_digest(),
                replay_tolerance=bench.replay_tolerance.as_json(),
            )
        )

    def also(settled: Settled) -> None:
        if sealed and digest:
            expires = now + timedelta(days=settings.TRANSCRIPT_DAYS)
            SealedTranscript.objects.create(
                answer=answer, ciphertext=sealed, digest=digest, expires_at=expires
            )
        told = [start, _whole_text(made), _last_event(made, measured, settled)]
        _close(answer, made, told, settled.receipt_id, now)

    settled = settle(
        hold_id=answer.pk,
        usage=_usage(measured.plan, made, allowance),
        receipt=body,
        now=now,
        also=also,
        placed_on=held,
        tokens_drawn=made.tally.tokens_drawn,
        tokens_delivered=made.tally.tokens_delivered,
    )
    return _last_event(made, measured, settled)


def _whole_text(made: Composition) -> dict[str, Any]:
    return {"type": "token", "text": made.text, "logprobs": made.logprobs}


def _close(
    answer: Answer, made: Composition, outcome: list[Mapping[str, Any]], receipt_id: UUID, now: datetime
) -> None:
    """The answer's row ends with the money, and keeps what a repeat of the request is told."""
    if made.state == AnswerState.FAILED:
        lifecycle.fail(answer_id=answer.pk, problem=outcome[-1]["problem"], now=now, receipt_id=receipt_id)
        return
    lifecycle.finish(answer, state=made.state, outcome=outcome, now=now, receipt_id=receipt_id)


def _usage(plan: Plan, made: Composition, allowance: HeldAllowance) -> list[Usage]:
    """Nats of every token that was drawn stay spent; money is owed for those that were delivered."""
    return [
        Usage(
            label=seat.slug,
            drawn_nano_nats=allowance.spent_nano_nats(seat.slug),
            charged_nano_nats=made.tally.seats[seat.slug].delivered_nano_nats,
        )
        for seat in plan.seats
    ]


def _sealed(answer: Answer, question: Question, made: Composition) -> bytes | None:
    """Nothing where the caller wants nothing kept, or where a replay would undo a guarantee."""
    if not question.wishes.store or question.wishes.is_private or made.transcript is None:
        return None
    kept = {**made.transcript, "request": _request(answer)}
    return seal(kept, organisation_id=answer.organisation_id, answer_id=answer.pk)


def _request(answer: Answer) -> Any:
    """Kept beside the transcript, so that it can be asked again; of one of several choices there is none."""
    return lifecycle.request_of(answer) if answer.sealed_request else None


def _last_event(made: Composition, measured: Measured, settled: Settled) -> dict[str, Any]:
    if made.state == AnswerState.FAILED:
        return {"type": "error", "problem": told(ENGINE_FAILED)}
    stopped = None if made.stop is None else asdict(made.stop)
    return {
        "type": "done",
        "finish_reason": made.finish_reason,
        "usage": made.usage,
        "decision": made.decision,
        "abc": {**abc_of(measured, settled), "stopped": stopped, "tokens": _tokens(made, settled)},
    }


def _tokens(made: Composition, settled: Settled) -> dict[str, Any] | None:
    """The heat map's data where the request asked for it; its beginning, if a reply cannot hold it all."""
    if made.token_rows is None:
        return None
    more = f"/v1/receipts/{settled.receipt_id}/tokens"
    return made.token_rows.report(delivered=made.tally.tokens_delivered, more=more)
