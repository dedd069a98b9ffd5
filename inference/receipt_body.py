"""The body of a receipt: what accounting signs, so that anyone can check who was paid for what.

Pure. Persons and prompts are not in it: the consumer stands as a salted digest, the transcript as a digest.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from accounting.settled import Settled
from inference.models import Answer
from inference.report import Measured, excluded_report, owner_reports, shared_nats, source_reports
from inference.request import Question

PRETRAINING = "What the core learned in its own pretraining is not attributed to anyone."
GREEDY = (
    "At temperature 0 the most likely token was taken; attribution was measured on the vote at temperature 1."
)
TRUNCATED = "top_p acted on the drawn token; attribution was measured on the whole vote."
PRIVATE = (
    "Charges are upper bounds that follow from public values; nothing was measured and nothing is replayed."
)


def receipt_body(
    *,
    answer: Answer,
    question: Question,
    measured: Measured,
    settled: Settled,
    transcript_digest: str | None,
    constants_digest: str,
) -> Mapping[str, Any]:
    identity, tally = measured.identity, measured.tally
    return {
        "answer_id": str(answer.pk),
        "consumer": consumer_digest(answer),
        "purpose": question.wishes.purpose,
        "mode": identity.mode,
        "alpha": identity.alpha,
        "temperature": question.temperature,
        "top_p": question.top_p,
        "core": {"slug": identity.core_slug, "digest": identity.core_digest},
        "constants_digest": constants_digest,
        "composition_hash": identity.composition_hash,
        "lambda_active": identity.lambda_active,
        "lambda_total": identity.lambda_total,
        "tokens": {"drawn": tally.tokens_drawn, "delivered": tally.tokens_delivered},
        "sources": _sources(measured, settled),
        "owners": owner_reports(measured, settled),
        "excluded": excluded_report(measured.plan),
        "excluded_counts": measured.plan.counts(),
        "shared_nats": shared_nats(measured),
        "charge_micro_usd": settled.total_micro_usd,
        "transcript_digest": transcript_digest,
        "notes": _notes(question),
    }


def consumer_digest(answer: Answer) -> str:
    """The same consumer has another digest on every receipt; only this deployment can tell them apart."""
    name = f"consumer:{answer.organisation_id}:{answer.pk}".encode()
    return hmac.new(settings.TRANSCRIPT_SECRET.encode(), name, hashlib.sha256).hexdigest()


def _sources(measured: Measured, settled: Settled) -> list[dict[str, Any]]:
    """The caller's report of each source, with what it voted with, under which policy and at which price."""
    lines = {line.label: line.outcome() for line in settled.lines}
    reports = source_reports(measured, settled)
    return [
        {
            **{key: value for key, value in report.items() if key != "passages"},
            "policy_digest": seat.admitted.policy_version.digest,
            "partition_digest": seat.admitted.partition.digest,
            "version_digest": seat.admitted.version.digest,
            "price_micro_usd_per_nat": seat.admitted.limits.price_micro_usd_per_nat,
            "line": lines.get(seat.slug),
        }
        for seat, report in zip(measured.plan.seats, reports, strict=True)
    ]


def _notes(question: Question) -> list[str]:
    notes = [PRETRAINING]
    if question.wishes.is_private:
        notes.append(PRIVATE)
    if question.temperature == 0:
        notes.append(GREEDY)
    if question.top_p < 1:
        notes.append(TRUNCATED)
    return notes
