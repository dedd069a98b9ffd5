"""Writes to owners about their budgets: one letter a source, for all that is new, after it is committed.

A letter is claimed before it is sent, so that two processes never send it twice; one that could not be sent
is given back and tried again at the next upkeep, for a day.
"""

import logging
from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import QuerySet

from accounting import words
from marketplace import budget_names
from marketplace.models import BudgetAlert, Membership, Organisation
from marketplace.roles import EDITORS

logger = logging.getLogger(__name__)
TRIED_FOR = timedelta(days=1)


def send_waiting(*, now: datetime) -> int:
    """Everything that nobody was written to about yet; says how many letters went out."""
    waiting = _waiting(now).select_related("source__organisation", "consumer").order_by("source_id", "id")
    letters = [list(alerts) for _, alerts in groupby(waiting, key=lambda alert: alert.source_id)]
    return sum(_send(alerts, now) for alerts in letters)


def _waiting(now: datetime) -> QuerySet[BudgetAlert]:
    return BudgetAlert.objects.filter(mailed_at__isnull=True, raised_at__gt=now - TRIED_FOR)


def _send(alerts: list[BudgetAlert], now: datetime) -> bool:
    claimed = [one for one in alerts if _waiting(now).filter(pk=one.pk).update(mailed_at=now)]
    source = alerts[0].source
    addresses = addresses_of(source.organisation)
    if not claimed or not addresses:
        return False
    try:
        send_mail(_subject(claimed), _text(claimed), settings.DEFAULT_FROM_EMAIL, addresses)
    except Exception:  # whatever the mail server does, upkeep goes on and tries again
        logger.exception("Owners of %s could not be written to about their budgets", source.slug)
        BudgetAlert.objects.filter(pk__in=[one.pk for one in claimed]).update(mailed_at=None)
        return False
    return True


def addresses_of(organisation: Organisation) -> list[str]:
    """Whoever may act on a letter."""
    members = Membership.objects.filter(organisation=organisation, role__in=EDITORS, user__is_active=True)
    return sorted(set(members.exclude(user__email="").values_list("user__email", flat=True)))


def said(alert: BudgetAlert) -> str:
    """`80% of the lifetime budget is spent: 720.0 nats of 900.0 nats`."""
    name = budget_names.for_owners(alert.budget, alert.consumer.slug if alert.consumer else None)
    since = f" from {alert.starts_at:%Y-%m-%d %H:%M}" if alert.starts_at else ""
    spent, limit = words.nats(alert.spent_nano_nats), words.nats(alert.limit_nano_nats)
    return f"{alert.percent}% of the {name}{since} is spent: {spent} of {limit}"


def _subject(alerts: list[BudgetAlert]) -> str:
    title = alerts[0].source.title
    if len(alerts) == 1:
        return f"{title}: {alerts[0].percent}% of a budget is spent"
    return f"{title}: {len(alerts)} notices about its budgets"


def _text(alerts: list[BudgetAlert]) -> str:
    slug = alerts[0].source.slug
    lines = "\n".join(f"- {said(alert)}." for alert in alerts)
    return (
        f"{alerts[0].source.title} ({slug}):\n\n{lines}\n\n"
        "At its limit a source is left out of answers; nothing else changes. To raise or lower a limit, "
        f"publish a policy: /sources/{slug}/policy in the portal. All budgets: /sources/{slug}/budgets.\n"
    )
