"""The console's first page: the market's figures, and how many answers wait for the engine.

Stands here because the topmost layer may look at all of them. Reads only.
"""

from datetime import datetime
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone

from inference.models import Answer, AnswerState
from marketplace.console import overview, waiting
from marketplace.models import User


def first_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's dashboard callback: adds what console/index.html shows."""
    now = timezone.now()
    books = overview.books()
    context.update(
        now=now,
        waiting=waiting.waiting_for(request.user, now=now) if isinstance(request.user, User) else [],
        books=books,
        books_are_even=all(book.even for book in books),
        tiles=[*overview.tiles(now=now), *_answers(now)],
        events=overview.latest_events(),
    )
    return context


def _answers(now: datetime) -> list[overview.Tile]:
    counts = dict(Answer.objects.values_list("state").annotate(count=Count("pk")).order_by())
    failed = Answer.objects.filter(state=AnswerState.FAILED, finished_at__gte=now - overview.LATELY).count()
    answers = "/admin/inference/answer/?state__exact="
    return [
        overview.Tile(
            "Answers waiting",
            f"{counts.get(AnswerState.QUEUED, 0):,}",
            f"{counts.get(AnswerState.RUNNING, 0):,} under way",
            f"{answers}queued",
        ),
        overview.Tile("Failed answers", f"{failed:,}", "in the last 7 days", f"{answers}failed", failed > 0),
    ]
