"""Writes to both sides of an agreement: one letter an organisation for all that is new, after the commit.

As for budgets (`budget_mail`): a letter is claimed before it is sent, so that two processes never send it
twice; one that could not be sent is given back and tried again at the next upkeep, for a day.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from itertools import groupby

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet

from marketplace.budget_mail import TRIED_FOR, addresses_of
from marketplace.models import Agreement, AgreementNotice, NoticeKind, Organisation
from marketplace.policy.purposes import PURPOSES

logger = logging.getLogger(__name__)
_SAID = {
    NoticeKind.REQUESTED: "{consumer} asks for access to {source} for {purpose}",
    NoticeKind.APPROVED: "{owner} approved your access to {source} for {purpose}",
    NoticeKind.REFUSED: "{owner} refused your access to {source} for {purpose}",
    NoticeKind.ENDED: "The agreement of {consumer} with {source} for {purpose} has ended",
    NoticeKind.TERMS: "{source} has new terms; your access for {purpose} waits until you confirm them",
}


def tell(agreement: Agreement, kind: NoticeKind, recipient: Organisation, *, now: datetime) -> None:
    """Note it in the caller's transaction; the letter goes out once that is committed."""
    AgreementNotice.objects.create(agreement=agreement, kind=kind, recipient=recipient, raised_at=now)
    transaction.on_commit(partial(send_waiting, now=now), robust=True)


def tell_of_terms(agreements: Iterable[Agreement], *, now: datetime) -> None:
    """The same for everybody who has to confirm new terms."""
    AgreementNotice.objects.bulk_create(
        AgreementNotice(agreement=one, kind=NoticeKind.TERMS, recipient_id=one.consumer_id, raised_at=now)
        for one in agreements
    )
    transaction.on_commit(partial(send_waiting, now=now), robust=True)


def send_waiting(*, now: datetime) -> int:
    """Everything that nobody was written to about yet; says how many letters went out."""
    waiting = (
        _waiting(now)
        .select_related("recipient", "agreement__source__organisation", "agreement__consumer")
        .order_by("recipient_id", "id")
    )
    letters = [list(notices) for _, notices in groupby(waiting, key=lambda notice: notice.recipient_id)]
    return sum(_send(notices, now) for notices in letters)


def said(notice: AgreementNotice) -> str:
    """`Acme asks for access to Field notes for research`."""
    agreement = notice.agreement
    sentence = _SAID[NoticeKind(notice.kind)].format(
        consumer=agreement.consumer.name,
        owner=agreement.source.organisation.name,
        source=agreement.source.title,
        purpose=PURPOSES[agreement.purpose].title.lower(),
    )
    told = notice.kind in {NoticeKind.REFUSED, NoticeKind.ENDED} and agreement.reason
    return f"{sentence}: {agreement.reason}" if told else sentence


def _waiting(now: datetime) -> QuerySet[AgreementNotice]:
    return AgreementNotice.objects.filter(mailed_at__isnull=True, raised_at__gt=now - TRIED_FOR)


def _send(notices: list[AgreementNotice], now: datetime) -> bool:
    claimed = [one for one in notices if _waiting(now).filter(pk=one.pk).update(mailed_at=now)]
    addresses = addresses_of(notices[0].recipient)
    if not claimed or not addresses:
        return False
    subject = said(claimed[0]) if len(claimed) == 1 else f"{len(claimed)} notices about access to sources"
    try:
        send_mail(_line(subject), _text(claimed), settings.DEFAULT_FROM_EMAIL, addresses)
    except Exception:  # whatever the mail server does, upkeep goes on and tries again
        logger.exception("%s could not be written to about its agreements", notices[0].recipient.slug)
        AgreementNotice.objects.filter(pk__in=[one.pk for one in claimed]).update(mailed_at=None)
        return False
    return True


def _line(subject: str) -> str:
    """A header is one line, whatever somebody wrote as a reason."""
    return " ".join(subject.split())[:200]


def _text(notices: list[AgreementNotice]) -> str:
    lines = "\n".join(f"- {said(one).rstrip('.')}." for one in notices)
    return (
        f"{lines}\n\nRequests for your own sources: /access in the portal. "
        "Your agreements with others' sources: /agreements.\n"
    )
