"""What is measured of an answer long after it was given: its tokens for a heat map, and sets of its sources.

In the engine, from the sealed transcript alone; one answer at a time, as it was recorded. Nothing is written
but the end of the work itself. The transcript is the consumer's: what is found goes to the buyer only.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from inference import lifecycle
from inference.bench import Bench
from inference.models import Answer, AnswerState
from inference.net.core import Core
from inference.net.replay import Replayed
from inference.net.spelling import bytes_of
from inference.obstacles import Obstacle
from inference.replaying import CannotReplay, Opened, measured_again, open_transcript, receipt_of
from inference.token_rows import Moved, TokenRows, most_rows

Json = dict[str, Any]


def measure(answer: Answer, bench: Bench) -> None:
    """Run the measurement that `answer` asks for; an obstacle is an outcome, not a failure."""
    wanted = lifecycle.request_of(answer)
    try:
        found = OF[wanted["of"]](open_transcript(receipt_of(answer), bench), wanted, answer, bench)
    except CannotReplay as error:
        found = {"obstacle": {"code": error.obstacle.code, "sources": list(error.obstacle.sources)}}
    event = {"type": "measurement", "found": found}
    lifecycle.finish(answer, state=AnswerState.DONE, outcome=[event], now=bench.now(), receipt_id=None)
    bench.channel.publish(answer.pk, event)


def token_rows_of(core: Core) -> TokenRows:
    """Rows in the making, with this core's tokens as text and bytes."""
    return TokenRows(core.decode, partial(bytes_of, core), core.end_ids)


def _tokens(opened: Opened, wanted: Mapping[str, Any], answer: Answer, bench: Bench) -> Json:
    """One page; the replay ends where the page does."""
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


def _sets(opened: Opened, wanted: Mapping[str, Any], answer: Answer, bench: Bench) -> Json:
    """Every set removed as a whole, at every token that was drawn; sums over the answer."""
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


OF: Mapping[str, Callable[[Opened, Mapping[str, Any], Answer, Bench], Json]] = {
    "tokens": _tokens,
    "sets": _sets,
}
