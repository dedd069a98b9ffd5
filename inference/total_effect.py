"""What would have been answered without a source, if nothing else had been pinned: the total effect.

Web's half: the request of an earlier answer, taken from its sealed transcript, is asked again without the
source, as an answer like any other, with a hold, a charge and a receipt. `comparing_effects` is the engine's
half. It must not load torch.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounting.errors import Conflict
from accounting.models import Receipt
from inference.models import Answer, AnswerKind, SealedTranscript
from inference.obstacles import Obstacle
from inference.sealing import Unreadable, unseal

SAYS = (
    "The request was answered again without the source: seats, caps and passages were planned anew, and "
    "another source may have taken its seat. `log_likelihood` and `divergence_nats` compare both "
    "compositions along the words of the first answer, the second at the voting rights that were wished "
    "for; `text` compares what was said."
)
DOES_NOT_SAY = (
    "It is not the source's attribution, which leaves everything else as it was, and nobody is paid by it. "
    "Budgets and policies are those of now. Without a seed the texts also differ by the luck of the draw."
)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """The earlier request, without the source."""

    kind: AnswerKind
    body: Json
    seeded: bool


def request_without(receipt: Receipt, source: str, *, max_price_micro_usd: int | None) -> Asked:
    """Conflict where the request was not kept."""
    sealed = SealedTranscript.objects.select_related("answer").get(pk=receipt.hold_id)
    answer = sealed.answer
    if answer.kind == AnswerKind.CLASSIFICATION:
        raise Obstacle("one_decision").refusal()
    try:
        kept = unseal(sealed.ciphertext, organisation_id=answer.organisation_id, answer_id=answer.pk)
    except Unreadable as error:
        raise Obstacle("transcript_unreadable").refusal() from error
    body = kept.get("request")
    if body is None:
        raise Conflict(
            "The request of this answer was not kept: it was one of several choices, or is older.",
            code="no_request",
            next_step="Ask for a single answer, and for the total effect of that.",
        )
    abc = _without(body.get("abc") or {}, source, answer)
    if max_price_micro_usd is not None:
        abc["max_price_micro_usd"] = max_price_micro_usd
    changed = {**body, "abc": abc, "stream": False, "stream_options": None, "store": True}
    return Asked(AnswerKind(answer.kind), changed, _seeded(body))


def texts_compared(first: str, second: str) -> Json:
    """Where they part, and how alike they are by words (0 to 1)."""
    same = first == second
    common = next(
        (place for place, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
        min(len(first), len(second)),
    )
    matcher = difflib.SequenceMatcher(None, first.split(), second.split(), autojunk=False)
    return {
        "with": first,
        "without": second,
        "equal": same,
        "first_difference": None if same else common,
        "similarity": 1.0 if same else matcher.ratio(),
    }


def _without(abc: Mapping[str, Any], source: str, answer: Answer) -> Json:
    """The same wishes; the source is ignored and named nowhere else."""
    changed = {key: value for key, value in abc.items() if key not in {"explain", "store"}}
    for name in ("only", "require"):
        if changed.get(name) is not None:
            changed[name] = [slug for slug in changed[name] if slug != source]
    if changed.get("gamma"):
        changed["gamma"] = {slug: gamma for slug, gamma in changed["gamma"].items() if slug != source}
    changed["ignore"] = sorted({*(changed.get("ignore") or ()), source})
    return {**changed, "purpose": changed.get("purpose") or answer.purpose}


def _seeded(body: Mapping[str, Any]) -> bool:
    return body.get("temperature") == 0 or any(
        one.get("seed") is not None for one in (body, body.get("abc") or {})
    )
