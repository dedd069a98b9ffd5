"""What waits for somebody of the staff: the first thing that the console shows, with its age.

Only what the person may act on. Whatever is empty is not shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Min, QuerySet

from accounting.models import Payout
from marketplace.console.words import how_long
from marketplace.models import Organisation, ReviewItem, ReviewState, User

LISTS = "/admin/{}/?state__exact={}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many of one kind, the oldest since then."""

    title: str
    count: int
    oldest: str
    link: str


def waiting_for(user: User, *, now: datetime) -> list[Waiting]:
    """In one order, so that everything is found where it was yesterday."""
    return [one for one in _kinds(user, now) if one.count]


def _kinds(user: User, now: datetime) -> Iterator[Waiting]:
    if user.has_perm("marketplace.decide_review"):
        rows: QuerySet[Any] = ReviewItem.objects.filter(state=ReviewState.WAITING)
        link = LISTS.format("marketplace/reviewitem", ReviewState.WAITING)
        yield _counted("Policies to review", rows, "asked_at", link, now)
    if user.has_perm("accounting.decide_payout"):
        for state, title in (("requested", "Payouts to decide"), ("approved", "Payouts to send")):
            rows = Payout.objects.filter(state=state)
            yield _counted(title, rows, "requested_at", LISTS.format("accounting/payout", state), now)
    if user.has_perm("marketplace.confirm_facts"):
        rows = Organisation.objects.exclude(country="").filter(country_confirmed_at__isnull=True)
        link = "/admin/marketplace/organisation/?country_confirmed_at__isempty=1"
        yield _counted("Countries to confirm", rows, "created_at", link, now)


def _counted(title: str, rows: QuerySet[Any], since: str, link: str, now: datetime) -> Waiting:
    oldest, count = rows.aggregate(oldest=Min(since))["oldest"], rows.count()
    return Waiting(title, count, how_long(now - oldest) if oldest else "", link)
