"""Computes an answer's divergences again from its sealed transcript, in the engine, and compares.

The transcript is the consumer's and stays sealed at rest; nothing of it leaves but how well the
numbers agree.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.conf import settings

from accounting.models import Receipt
from inference import lifecycle
from inference.bench import Bench
from inference.models import Answer, AnswerState, SealedTranscript
from inference.net.replay import Replayed, replay
from inference.net.transcript import Transcript
from inference.sealing import Unreadable, unseal
from inference.shelf import Unusable
from inference.verification import check
from marketplace.models import Partition

RELATIVE = 1e-3
NATS_PER_TOKEN = 1e-6


def verify_receipt(answer: Answer, bench: Bench) -> None:
    receipt = Receipt.objects.prefetch_related("lines").get(
        pk=UUID(lifecycle.request_of(answer)["receipt_id"])
    )
    found: dict[str, Any] = check(receipt).as_json()
    if found["reason"] is None:
        found |= replayed(receipt, bench, answer=answer)
    event = {"type": "verification", "verification": found}
    lifecycle.finish(answer, state=AnswerState.DONE, outcome=[event], now=bench.now(), receipt_id=None)
    bench.channel.publish(answer.pk, event)


def replayed(receipt: Receipt, bench: Bench, *, answer: Answer) -> dict[str, Any]:
    """Whether the divergences agree, and the largest difference, in nats a token; `answer` is who asks."""
    sources = {source["source"]: source for source in receipt.body["sources"]}
    try:
        transcript = _transcript(receipt)
        adapters = {slug: bench.shelf.adapter(_partition(source)) for slug, source in sources.items()}
    except Unreadable:
        return {"reason": "The transcript cannot be read any more."}
    except Unusable:
        return {"reason": "The files of a partition cannot be read at the moment."}
    if transcript.core_digest != bench.core.digest:
        return {"reason": "The answer was made by a core that is not loaded here."}
    again = _summed(_living(replay(core=bench.core, adapters=adapters, transcript=transcript), answer, bench))
    return _compared(again, sources, tokens=len(transcript.tokens))


def _transcript(receipt: Receipt) -> Transcript:
    sealed = SealedTranscript.objects.select_related("answer").get(pk=receipt.hold_id)
    value = unseal(
        sealed.ciphertext, organisation_id=sealed.answer.organisation_id, answer_id=sealed.answer.pk
    )
    return Transcript.from_json(value)


def _partition(source: dict[str, Any]) -> Partition:
    found = Partition.objects.filter(digest=source["partition_digest"]).order_by("-pk").first()
    assert found is not None, "verification has looked for it before"
    return found


def _living(tokens: Iterator[Replayed], answer: Answer, bench: Bench) -> Iterator[Replayed]:
    """A replay takes as long as the answer did: its lease is renewed as often, or it would count as lost."""
    for index, token in enumerate(tokens):
        if index % settings.WATERMARK_TOKENS == 0:
            lifecycle.renew(answer_id=answer.pk, now=bench.now())
        yield token


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


def _compared(again: dict[str, dict[str, float]], sources: dict[str, Any], *, tokens: int) -> dict[str, Any]:
    worst, beyond = 0.0, []
    for slug, source in sources.items():
        for direction, stated in source["attribution_nats"].items():
            error = abs(again[slug][direction] - stated) / max(tokens, 1)
            worst = max(worst, error)
            if error > max(RELATIVE * abs(stated) / max(tokens, 1), NATS_PER_TOKEN):
                beyond.append(slug)
    reason = f"The divergences of {', '.join(sorted(set(beyond)))} differ." if beyond else None
    return {"replayed": not beyond, "max_error": worst, "reason": reason}
