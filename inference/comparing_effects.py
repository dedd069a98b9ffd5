"""How likely are the words of one answer under the composition of another? Half of a total effect.

In the engine. Both answers are replayed from their sealed transcripts, the second one with the first one's
words forced. Reads only; what it costs was charged when the second was made.
"""

from collections.abc import Mapping
from math import inf
from typing import Any
from uuid import UUID

from accounting.models import Receipt
from inference import lifecycle
from inference.bench import Bench
from inference.composing import token_rows_of
from inference.models import Answer
from inference.net.renyi import between
from inference.net.replay import replay
from inference.net.transcript import TokenRecord, Transcript
from inference.replaying import measured_again, open_transcript, receipt_of

Json = dict[str, Any]
RENEW_TOKENS = 16


def total_effect(wanted: Mapping[str, Any], answer: Answer, bench: Bench) -> Json:
    """Sums over the delivered words of the first answer."""
    first = open_transcript(receipt_of(answer), bench)
    second = open_transcript(Receipt.objects.get(pk=UUID(wanted["rerun"])), bench)
    delivered = first.receipt.body["tokens"]["delivered"]
    forced = words_forced(second.transcript, first.transcript, delivered)
    again = replay(core=bench.core, adapters=second.adapters, transcript=forced)
    sums = dict.fromkeys(("with", "without", "forward", "reverse", "symmetric"), 0.0)
    text = token_rows_of(bench.core)
    for place, (before, after) in enumerate(zip(measured_again(first, answer, bench), again, strict=False)):
        if place % RENEW_TOKENS == 0:
            lifecycle.renew(answer_id=answer.pk, now=bench.now())
        moved = between(before.vote.log_p, after.vote.log_p, alpha=first.transcript.rule.alpha)
        sums["with"] += before.log_probability
        sums["without"] += float(after.vote.log_p[before.token_id])
        sums["forward"] += moved[0]
        sums["reverse"] += moved[1]
        sums["symmetric"] += max(moved)
        text.add(before.token_id, before.log_probability, {})
    rows = text.report(delivered=delivered, count=delivered)["rows"]
    return {
        "tokens": len(forced.tokens),
        "log_likelihood": {
            "with": sums["with"],
            "without": sums["without"],
            "difference": sums["with"] - sums["without"],
        },
        "divergence_nats": {name: sums[name] for name in ("forward", "reverse", "symmetric")},
        "text": "".join(row["text"] for row in rows),
    }


def words_forced(composition: Transcript, words: Transcript, delivered: int) -> Transcript:
    """The composition with the words of another answer; every seat stays, at the right that was wished."""
    seats = tuple(range(len(composition.seats)))
    blank = (inf,) * len(seats)
    rights = tuple(seat.gamma * seat.relevance for seat in composition.seats)
    tokens = [TokenRecord(one.token_id, seats, rights, blank) for one in words.tokens[:delivered]]
    return Transcript(
        composition.core_digest, composition.rule, max(composition.max_tokens, len(tokens)),
        composition.core_prompt_ids, composition.seats, tokens,
    )  # fmt: skip
