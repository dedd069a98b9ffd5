"""The body of a receipt: what accounting signs, so that anyone can check who was paid for what.

Pure. Persons and prompts are not in it: the consumer stands as a salted digest, the transcript as a digest.
"""

from collections.abc import Mapping
from typing import Any

from accounting.settled import Settled
from inference.models import Answer
from inference.plan import Seat
from inference.report import Measured, excluded_report, owner_reports, shared_report, source_reports
from inference.request import Question
from inference.sealing import keyed_digest

PRETRAINING = "What the core learned in its own pretraining is not attributed to anyone."
GREEDY = (
    "At temperature 0 the most likely token was taken; attribution was measured on the vote at temperature 1."
)
TRUNCATED = "top_p acted on the drawn token; attribution was measured on the whole vote."
CLASSIFIED = "The answer is one label: attribution was measured on the law over the labels, as one decision."
NUDGED = "Penalties or logit_bias acted on the drawn token; attribution was measured on the whole vote."
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
    replay_tolerance: Mapping[str, Any],
) -> Mapping[str, Any]:
    identity, tally = measured.identity, measured.tally
    return {
        "answer_id": str(answer.pk),
        "consumer": consumer_digest(answer),
        "purpose": question.wishes.purpose,
        "output": question.wishes.output,
        "mode": identity.mode,
        "alpha": identity.alpha,
        "temperature": question.temperature,
        "top_p": question.top_p,
        "core": {"slug": identity.core_slug, "digest": identity.core_digest},
        "constants_digest": constants_digest,
        "composition": identity.composition,
        "composition_hash": identity.composition_hash,
        "lambda_active": identity.lambda_active,
        "lambda_total": identity.lambda_total,
        "tokens": {"drawn": tally.tokens_drawn, "delivered": tally.tokens_delivered},
        "sources": _sources(measured, settled),
        "owners": owner_reports(measured, settled),
        "excluded": excluded_report(measured.plan),
        "excluded_counts": measured.plan.counts(),
        **shared_report(measured),
        "charge_micro_usd": settled.total_micro_usd,
        "transcript_digest": transcript_digest,
        "replay_tolerance": None if identity.is_private else dict(replay_tolerance),
        "notes": _notes(question),
    }


def consumer_digest(answer: Answer) -> str:
    """The same consumer has another digest on every receipt; only this deployment can tell them apart."""
    return keyed_digest(f"consumer:{answer.organisation_id}:{answer.pk}")


def _sources(measured: Measured, settled: Settled) -> list[dict[str, Any]]:
    """The caller's report of each source, with what it voted with, under which policy and at which price."""
    lines = {line.label: line.outcome() for line in settled.lines}
    reports = source_reports(measured, settled)
    return [
        {
            **{key: value for key, value in report.items() if key != "passages"},
            "agreement": str(seat.agreement_id),
            "policy_version": seat.admitted.policy_version.number,
            "policy_digest": seat.admitted.policy_version.digest,
            **_made_from(seat, private=measured.identity.is_private),
            "price_micro_usd_per_nat": seat.admitted.limits.price_micro_usd_per_nat,
            "price_rule": seat.admitted.limits.price_rule,
            "ceiling_price_micro_usd": seat.admitted.limits.ceiling_price_micro_usd,
            "line": lines.get(seat.slug),
        }
        for seat, report in zip(measured.plan.seats, reports, strict=True)
    ]


def _made_from(seat: Seat, *, private: bool) -> dict[str, str]:
    """Digests of what it voted with. A plain digest would tell who guesses a private source's text right."""
    digests = {
        "partition_digest": seat.admitted.partition.digest,
        "version_digest": seat.admitted.version.digest,
    }
    return {name: keyed_digest(digest) for name, digest in digests.items()} if private else digests


def _notes(question: Question) -> list[str]:
    notes = [PRETRAINING]
    if question.wishes.is_private:
        notes.append(PRIVATE)
    if question.labels is not None:
        notes.append(CLASSIFIED)
    elif question.temperature == 0:
        notes.append(GREEDY)
    if question.top_p < 1:
        notes.append(TRUNCATED)
    if question.nudged is not None:
        notes.append(NUDGED)
    return notes
