"""Takes a request in: understands it, refuses what is plainly wrong, writes the row, and has the engine told.

The web process's half of a query. Everything that needs the sources themselves happens in `query`, in the
engine's process; this module must not import it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from accounting.errors import Invalid, NotFound
from inference import lifecycle
from inference.classifying import understand_classification
from inference.lifecycle import Asked
from inference.models import Answer, AnswerKind
from inference.request import Kind, Question, understand
from marketplace import key_limits, suspending
from marketplace.models import ApiKey, Organisation
from marketplace.policy import purposes

LONGEST_IDEMPOTENCY_KEY = 255


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose account, and under which key."""

    organisation: Organisation
    api_key: ApiKey | None
    idempotency_key: str | None

    @property
    def default_purpose(self) -> str:
        return self.api_key.default_purpose if self.api_key else ""


def submit(*, caller: Caller, kind: AnswerKind, body: Any, now: datetime) -> tuple[Question, Answer]:
    """A question that will be answered, or planned."""
    refuse_suspended(caller.organisation, caller.api_key)
    question = understood_by_kind(kind, body, default_purpose=caller.default_purpose)
    _refuse_unknown_model(question.model)
    _refuse_unknown_purpose(question.wishes.purpose)
    key_limits.require_purpose(caller.api_key, question.wishes.purpose)
    key_limits.require_sources(caller.api_key, question.wishes.wanted())
    answer = lifecycle.queue(_asked(caller, kind, body, purpose=question.wishes.purpose), now=now)
    return question, answer


def refuse_suspended(organisation: Organisation, api_key: ApiKey | None) -> None:
    """Whom the operator suspended is answered nothing, and reads why."""
    stop = suspending.stop_of(organisation_id=organisation.pk, key_id=api_key.pk if api_key else None)
    if stop is not None:
        raise stop.refusal


def submit_verification(*, caller: Caller, receipt_id: str, now: datetime) -> Answer:
    """A receipt that the engine will replay."""
    return lifecycle.queue(_asked(caller, AnswerKind.VERIFICATION, {"receipt_id": receipt_id}), now=now)


def submit_measurement(*, caller: Caller, wanted: Mapping[str, Any], now: datetime) -> Answer:
    """Something to be measured again of an earlier answer: `wanted` names the receipt and what `of` it."""
    return lifecycle.queue(_asked(caller, AnswerKind.MEASUREMENT, wanted), now=now)


def understood_by_kind(kind: AnswerKind, body: Any, *, default_purpose: str) -> Question:
    """The body of an answer, of a classification, or of the plan of either."""
    planned = kind == AnswerKind.PLAN and isinstance(body, Mapping) and "labels" in body
    if kind == AnswerKind.CLASSIFICATION or planned:
        return understand_classification(body, default_purpose=default_purpose, seats=settings.SEATS)
    spoken = spoken_kind(kind, body)
    return understand(body, kind=spoken, default_purpose=default_purpose, seats=settings.SEATS)


def spoken_kind(kind: AnswerKind, body: Any) -> Kind:
    """A plan takes the body of either endpoint."""
    if kind == AnswerKind.PLAN:
        return "completion" if isinstance(body, Mapping) and "prompt" in body else "chat"
    return "completion" if kind == AnswerKind.COMPLETION else "chat"


def _asked(caller: Caller, kind: AnswerKind, body: Mapping[str, Any], *, purpose: str = "") -> Asked:
    key = caller.idempotency_key
    if key is not None and not (0 < len(key) <= LONGEST_IDEMPOTENCY_KEY and key.isprintable()):
        raise Invalid(
            f"Idempotency-Key must have 1 to {LONGEST_IDEMPOTENCY_KEY} printable characters.",
            param="Idempotency-Key",
        )
    return Asked(caller.organisation, caller.api_key, kind, body, purpose, key)


def _refuse_unknown_model(model: str) -> None:
    if model != settings.CORE_SLUG:
        raise NotFound(
            f"The model '{model[:100]}' does not exist.",
            code="model_not_found",
            next_step="GET /v1/models lists the models.",
            param="model",
        )


def _refuse_unknown_purpose(purpose: str) -> None:
    if not purposes.known(purpose):
        raise Invalid(
            f"The purpose '{purpose[:100]}' is not known.",
            code="unknown_purpose",
            next_step=f"Use one of {', '.join(purposes.PURPOSES)}.",
            param="abc.purpose",
        )
