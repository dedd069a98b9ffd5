"""What is measured beside the making of answers: tokens for a heat map, sets of sources, zero influence.

In the engine. What is measured of an earlier answer comes from its sealed transcript alone, one answer at a
time, as it was recorded; the transcript is the consumer's, so what is found goes to the buyer only.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from inference import comparing_effects, lifecycle, zero_influence
from inference.bench import Bench
from inference.composing import token_rows_of
from inference.models import Answer, AnswerState
from inference.net.replay import Replayed
from inference.obstacles import Obstacle
from inference.replaying import CannotReplay, measured_again, open_transcript, receipt_of
from inference.token_rows import Moved, most_rows

Json = dict[str, Any]


def measure(answer: Answer, bench: Bench) -> None:
    """Run the measurement that `answer` asks for; an obstacle is an outcome, not a failure."""
    wanted = lifecycle.request_of(answer)
    try:
        found = OF[wanted["of"]](wanted, answer, bench)
    except CannotReplay as error:
        found = {"obstacle": {"code": error.obstacle.code, "sources": list(error.obstacle.sources)}}
    event = {"type": "measurement", "found": found}
    lifecycle.finish(answer, state=AnswerState.DONE, outcome=[event], now=bench.now(), receipt_id=None)
    bench.channel.publish(answer.pk, event)


def _tokens(wanted: Mapping[str, Any], answer: Answer, bench: Bench) -> Json:
    """One page; the replay ends where the page does."""
    opened = open_transcript(receipt_of(answer), bench)
    if opened.transcript.labels is not None:
        raise CannotReplay(Obstacle("one_decision"))
    rows, relevance = token_rows_of(bench.core), {s.label: s.relevance for s in opened.transcript.seats}
    delivered = opened.receipt.body["tokens"]["delivered"]
    first, count = wanted["first"], min(wanted["count"], most_rows(len(opened.labels)))
    for token in islice(measured_again(opened, answer, bench), min(delivered, first + count)):
        moved = {label: _moved(token, label, relevance[label]) for label in opened.labels}
        rows.add(token.token_id, token.log_probability, moved)
    return rows.report(delivered=delivered, first=first, count=count)


def _moved(token: Replayed, label: str, relevance: float) -> Moved:
    """Of a seat that had left by then: nothing."""
    if label not in token.weights:
        return Moved(0.0, 0.0, 0.0, 0.0, 0.0)
    gamma = token.weights[label] / relevance if relevance > 0 else 0.0
    measured = (token.forward[label], token.reverse[label], token.symmetric[label], token.help_nats[label])
    return Moved(gamma, *measured)


def _sets(wanted: Mapping[str, Any], answer: Answer, bench: Bench) -> Json:
    """Every set removed as a whole, at every token that was drawn; sums over the answer."""
    opened = open_transcript(receipt_of(answer), bench)
    sets: Sequence[Sequence[str]] = wanted["sets"]
    sums = [dict.fromkeys(("forward", "reverse", "symmetric"), 0.0) for _ in sets]
    alpha, drawn = opened.transcript.rule.alpha, 0
    for token in measured_again(opened, answer, bench):
        drawn += 1
        for labels, sum_ in zip(sets, sums, strict=True):
            moved = token.left_out(labels, alpha=alpha)
            sum_["forward"] += float(moved.forward)
            sum_["reverse"] += float(moved.reverse)
            sum_["symmetric"] += float(moved.symmetric)
    told = [
        {"sources": list(labels), "attribution_nats": sum_} for labels, sum_ in zip(sets, sums, strict=True)
    ]
    return {"alpha": alpha, "tokens": drawn, "sets": told}


OF: Mapping[str, Callable[[Mapping[str, Any], Answer, Bench], Json]] = {
    "tokens": _tokens,
    "sets": _sets,
    "total_effect": comparing_effects.total_effect,
    "zero_influence": zero_influence.certify,
}
