"""Computes an answer's divergences again from its sealed transcript, in the engine, and compares.

The transcript is the consumer's and stays sealed at rest; nothing of it leaves but how well the
numbers agree.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from accounting.models import Receipt
from inference import lifecycle
from inference.bench import Bench
from inference.models import Answer, AnswerState, SealedTranscript
from inference.net.lora import Adapter
from inference.net.replay import Replayed, replay
from inference.net.transcript import Transcript
from inference.obstacles import Obstacle, obstacle_to_replay
from inference.sealing import Unreadable, unseal
from inference.shelf import Unusable
from inference.verification import tolerance_of
from marketplace.models import Partition


@dataclass(frozen=True, slots=True)
class Opened:
    """A transcript with everything that its replay needs."""

    receipt: Receipt
    transcript: Transcript
    adapters: Mapping[str, Adapter]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(seat.label for seat in self.transcript.seats)


class CannotReplay(Exception):
    """The engine found what the web process could not see."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle.code)
        self.obstacle = obstacle


def verify_receipt(answer: Answer, bench: Bench) -> None:
    try:
        found = _compared(open_transcript(receipt_of(answer), bench), answer, bench)
    except CannotReplay as error:
        found = {
            "replayed": False, "max_error": None,
            "code": error.obstacle.code, "sources": list(error.obstacle.sources),
        }  # fmt: skip
    event = {"type": "verification", "verification": found}
    lifecycle.finish(answer, state=AnswerState.DONE, outcome=[event], now=bench.now(), receipt_id=None)
    bench.channel.publish(answer.pk, event)


def receipt_of(answer: Answer) -> Receipt:
    """The receipt that this piece of work is about."""
    receipt_id = UUID(lifecycle.request_of(answer)["receipt_id"])
    return Receipt.objects.prefetch_related("lines").get(pk=receipt_id)


def open_transcript(receipt: Receipt, bench: Bench) -> Opened:
    """CannotReplay where the web process would have said so, or where a file or a key is gone."""
    obstacle = obstacle_to_replay(receipt)  # again: it may have waited since it was asked for
    if obstacle is not None:
        raise CannotReplay(obstacle)
    transcript = _transcript(receipt)
    if transcript.core_digest != bench.core.digest:
        raise CannotReplay(Obstacle("core_changed"))
    return Opened(receipt, transcript, _adapters(receipt, bench))


def measured_again(opened: Opened, answer: Answer, bench: Bench) -> Iterator[Replayed]:
    """Every token, measured again, one answer at a time whatever shared a batch with it when it was made.

    It takes as long as the answer did: the lease of `answer`, which asks, is renewed as often, or it would
    count as lost.
    """
    tokens = replay(core=bench.core, adapters=opened.adapters, transcript=opened.transcript)
    for index, token in enumerate(tokens):
        if index % settings.WATERMARK_TOKENS == 0:
            lifecycle.renew(answer_id=answer.pk, now=bench.now())
        yield token


def _transcript(receipt: Receipt) -> Transcript:
    sealed = SealedTranscript.objects.select_related("answer").get(pk=receipt.hold_id)
    try:
        value = unseal(
            sealed.ciphertext, organisation_id=sealed.answer.organisation_id, answer_id=sealed.answer.pk
        )
    except Unreadable as error:
        raise CannotReplay(Obstacle("transcript_unreadable")) from error
    return Transcript.from_json(value)


def _adapters(receipt: Receipt, bench: Bench) -> dict[str, Adapter]:
    adapters, gone = {}, []
    for source in receipt.body["sources"]:
        own = Partition.objects.filter(source__slug=source["source"], digest=source["partition_digest"])
        partition = own.order_by("-pk").first()
        assert partition is not None, "an obstacle, looked for before"
        try:
            adapters[source["source"]] = bench.shelf.adapter(partition)
        except Unusable:
            gone.append(source["source"])
    if gone:
        raise CannotReplay(Obstacle("partition_unreadable", tuple(sorted(gone))))
    return adapters


def _summed(tokens: Iterable[Replayed]) -> dict[str, dict[str, float]]:
    sums: dict[str, dict[str, float]] = defaultdict(
        lambda: {"forward": 0.0, "reverse": 0.0, "symmetric": 0.0}
    )
    for token in tokens:
        for slug in token.symmetric:
            sums[slug]["forward"] += token.forward[slug]
            sums[slug]["reverse"] += token.reverse[slug]
            sums[slug]["symmetric"] += token.symmetric[slug]
    return sums


def _compared(opened: Opened, answer: Answer, bench: Bench) -> dict[str, Any]:
    """Whether the divergences agree, and the largest difference, in nats a token."""
    again = _summed(measured_again(opened, answer, bench))
    allowed = tolerance_of(opened.receipt.body)
    assert allowed is not None, "a private answer has no transcript"
    tokens = max(len(opened.transcript.tokens), 1)
    worst, beyond = 0.0, set()
    for source in opened.receipt.body["sources"]:
        for direction, stated in source["attribution_nats"].items():
            error = abs(again[source["source"]][direction] - stated) / tokens
            worst = max(worst, error)
            if error > max(allowed["relative"] * abs(stated) / tokens, allowed["nats_per_token"]):
                beyond.add(source["source"])
    code = "divergences_differ" if beyond else None
    return {"replayed": not beyond, "max_error": worst, "code": code, "sources": sorted(beyond)}
