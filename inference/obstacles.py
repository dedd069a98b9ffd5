"""Why an answer cannot be measured again: a stable code, and the sentence that its reader may see.

For verification and for everything else that is computed from a transcript. It runs in the web process and
must not load torch; what only the engine notices (a file that is gone) has its code here too.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounting.errors import Conflict
from accounting.models import Receipt
from inference.models import SealedTranscript
from marketplace import cores
from marketplace.models import Partition, PartitionState, SourceState

SENTENCES = {
    "private_answer": "Private answers are not replayed: that would undo their guarantee.",
    "engine_lost": "The answer's engine was lost; it was settled by its watermark and left no transcript.",
    "no_transcript": "No transcript was kept, as the request asked.",
    "transcript_expired": "The transcript has expired.",
    "transcript_unreadable": "The transcript cannot be read any more.",
    "core_changed": "The answer was made by a core that is not loaded here.",
    "partition_withdrawn": "These sources have been withdrawn since: {}.",
    "partition_unreadable": "The files of these partitions cannot be read at the moment: {}.",
    "one_decision": "A classification is one decision: it has no tokens to explain.",
    "divergences_differ": "The divergences of {} differ.",
}
NEXT_STEPS = {
    "no_transcript": "Ask again and leave `store` out.",
    "partition_unreadable": "Try again later; if it stays, tell the operator.",
}
OTHER_VOTERS = "other voters of the answer"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """`sources`: those whose state is the obstacle, where it is one of theirs."""

    code: str
    sources: tuple[str, ...] = ()

    def sentence(self, own: Collection[str] | None = None) -> str:
        """For a reader who may know of these sources only; None: of every voter."""
        seen = [slug for slug in self.sources if own is None or slug in own]
        names = [*seen, *([OTHER_VOTERS] if len(seen) < len(self.sources) else [])]
        return SENTENCES[self.code].format(", ".join(names))

    def refusal(self) -> Conflict:
        """The same for a request that cannot be answered; for the buyer, who may know of every voter."""
        return Conflict(self.sentence(), code=self.code, next_step=NEXT_STEPS.get(self.code, ""))


def obstacle_to_replay(receipt: Receipt) -> Obstacle | None:
    """None where a replay can be tried."""
    body = receipt.body
    if body.get("mode") == "private":
        return Obstacle("private_answer")
    if "ended" in body:
        return Obstacle("engine_lost")
    if body.get("transcript_digest") is None:
        return Obstacle("no_transcript")
    transcript = SealedTranscript.objects.filter(pk=receipt.hold_id).first()
    if transcript is None or transcript.expires_at <= timezone.now():
        return Obstacle("transcript_expired")
    if body["core"]["digest"] != cores.current().digest:
        return Obstacle("core_changed")
    return _withdrawn(body)


def _withdrawn(body: dict[str, Any]) -> Obstacle | None:
    """A source that was taken back is not brought back for a check; a replaced partition can be read."""
    digests = [source["partition_digest"] for source in body["sources"]]
    found = Partition.objects.filter(digest__in=digests).exclude(state=PartitionState.FAILED)
    kept = found.exclude(source__state=SourceState.WITHDRAWN).values_list("source__slug", "digest")
    standing = set(kept)  # by source too: equal texts make equal partitions
    gone = sorted(
        source["source"]
        for source in body["sources"]
        if (source["source"], source["partition_digest"]) not in standing
    )
    return Obstacle("partition_withdrawn", tuple(gone)) if gone else None
