"""The line of answers that wait for an engine: who may still join it.

The rows in state `queued` are the line, for every engine and web process alike, so nothing has to be kept in
step with them and a killed process loses no place. Its length is bounded where the caller can still be told.
Must not know models or money.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, Q

from accounting.errors import TooMany
from inference.models import Answer, AnswerState

JOINING = 7_261_002  # the advisory lock of those who join, any number that nobody else uses
LONGEST_RETRY_SECONDS = 30


def take_place(*, organisation_id: int, now: datetime) -> None:
    """Inside the transaction that writes the row: TooMany where the line, or the caller's part, is full.

    Whoever joins counts alone: SQLite has one writer, on PostgreSQL a lock lasts until the row is committed.
    What has waited longer than an answer may take is not in the line: nobody waits for it any more.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [JOINING])
    since = now - timedelta(seconds=settings.ANSWER_SECONDS)
    waiting = Answer.objects.filter(state=AnswerState.QUEUED, created_at__gte=since)
    own = Q(organisation=organisation_id)
    line = waiting.aggregate(all=Count("pk"), own=Count("pk", filter=own), oldest=Min("created_at"))
    if line["all"] >= settings.ANSWERS_WAITING:
        raise _full("The engines have as many questions waiting as they take.", line["oldest"], now)
    if line["own"] >= settings.ANSWERS_WAITING_PER_CONSUMER:
        raise _full("Your organisation has as many questions waiting as it may.", line["oldest"], now)


def _full(detail: str, oldest: datetime | None, now: datetime) -> TooMany:
    """As long as the first in line has waited is what a place took just now."""
    seconds = 0.0 if oldest is None else (now - oldest).total_seconds()
    return TooMany(
        detail,
        code="queue_full",
        next_step="Send it again after as many seconds as the header Retry-After says.",
        retry_after=max(1, min(LONGEST_RETRY_SECONDS, round(seconds))),
    )
