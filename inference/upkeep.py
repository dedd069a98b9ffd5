"""What must happen to answers by itself: those whose engine is gone are ended, old transcripts are deleted.

Called by workers, at the start of an embedded process and every half minute. Ending an answer here moves no
money: its hold runs out and ends by rule 6.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounting import audit
from inference import lifecycle
from inference.channel import current_channel
from inference.models import Answer, AnswerState, SealedTranscript
from inference.problems import ENGINE_LOST, told

LONGEST_WAIT = timedelta(minutes=15)  # for an engine; its reader has given up long before


def fail_lost_answers(*, now: datetime, at_start: bool = False) -> int:
    """Fail answers that no engine works on any more, and tell whoever still reads; how many they were.

    `at_start` is for the one process of the embedded default: everything before it is dead.
    """
    lost = Q(state=AnswerState.RUNNING, lease_until__lt=now) | Q(
        state=AnswerState.QUEUED, created_at__lt=now - LONGEST_WAIT
    )
    if at_start:
        lost = Q(state__in=[AnswerState.QUEUED, AnswerState.RUNNING])
    ids = list(Answer.objects.filter(lost).values_list("pk", flat=True))
    return sum(_fail(answer_id, now) for answer_id in ids)


def delete_expired_transcripts(*, now: datetime) -> int:
    """Transcripts are kept for a stated time only; receipts and sums stay."""
    with transaction.atomic(durable=True):
        deleted, _ = SealedTranscript.objects.filter(expires_at__lte=now).delete()
        if deleted:
            audit.record(
                acting_user="upkeep", action="transcripts.deleted", subject="transcripts",
                before={"expired": deleted}, after={"expired": 0}, now=now,
            )  # fmt: skip
    return deleted


def _fail(answer_id: UUID, now: datetime) -> bool:
    problem = told(ENGINE_LOST)
    failed = lifecycle.fail(answer_id=answer_id, problem=problem, now=now)
    if failed:
        current_channel().publish(answer_id, {"type": "error", "problem": problem})
    return failed
