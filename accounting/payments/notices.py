"""Takes in what a provider told us: kept as told, acted on exactly once, in whatever order it comes.

What is claimed back waits until the payment it belongs to is credited. What contradicts our records changes
nothing, is kept for an operator and is logged. Unknown kinds are kept and acknowledged. Whether a notice came
from the provider was decided before.
"""

import logging
from datetime import datetime
from typing import Any

from accounting.models import EventOutcome, PaymentEvent, TopUp, TopUpState
from accounting.payments import claims, top_ups
from accounting.payments.cents import cents_of
from accounting.payments.provider import Notice
from accounting.writes import durable_write

logger = logging.getLogger(__name__)
CURRENCY = "usd"
ENDS = {"failed": TopUpState.FAILED, "expired": TopUpState.EXPIRED}
CLAIMS = frozenset({"refund", "dispute"})


class _Refused(Exception):
    """The notice contradicts our records; its text says how."""


def receive(*, notice: Notice, body: dict[str, Any], provider: str, now: datetime) -> EventOutcome:
    """Act on the notice, the first time only; says what became of it.

    Claims are caught up after their own commit and after that of their payment: whichever is later sees both.
    """
    _first_time(notice=notice, body=body, provider=provider, now=now)
    if notice.payment_reference:
        _catch_up(provider=provider, payment_reference=notice.payment_reference, now=now)
    kept = PaymentEvent.objects.get(pk=notice.event_id)
    if kept.outcome == EventOutcome.REFUSED:
        logger.error("Payment event %s (%s) was refused: %s", kept.pk, kept.type, kept.note)
    return EventOutcome(kept.outcome)


@durable_write
def _first_time(*, notice: Notice, body: dict[str, Any], provider: str, now: datetime) -> None:
    event = PaymentEvent(
        id=notice.event_id, provider=provider, type=notice.type, body=body, notice=notice.kept(),
        payment_reference=notice.payment_reference, received_at=now,
    )  # fmt: skip
    PaymentEvent.objects.bulk_create([event], ignore_conflicts=True)
    kept = PaymentEvent.objects.select_for_update(no_key=True).get(pk=notice.event_id)
    if kept.outcome:
        return
    try:
        kept.outcome = _acted_on(notice, kept, provider, now)
    except _Refused as refused:
        kept.outcome, kept.note = EventOutcome.REFUSED, str(refused)
    kept.save(update_fields=["outcome", "note", "top_up"])


def _acted_on(notice: Notice, kept: PaymentEvent, provider: str, now: datetime) -> EventOutcome:
    if notice.kind in CLAIMS and notice.payment_reference:
        return EventOutcome.WAITING
    if notice.kind in CLAIMS or notice.kind == "other" or notice.top_up_id is None:
        return EventOutcome.NOTHING
    top_up = (
        TopUp.objects.select_for_update(no_key=True).filter(pk=notice.top_up_id, provider=provider).first()
    )
    if top_up is None:
        raise _Refused(f"There is no top-up {notice.top_up_id}.")
    kept.top_up = top_up
    if notice.kind == "paid":
        _require_agreement(notice, top_up)
        done = top_ups.credit(
            top_up, payment_reference=notice.payment_reference, acting_user=provider, now=now
        )
    else:
        done = top_ups.end_unpaid(top_up, state=ENDS[notice.kind], acting_user=provider, now=now)
    return EventOutcome.DONE if done else EventOutcome.NOTHING


def _require_agreement(notice: Notice, top_up: TopUp) -> None:
    """Money is credited only if it is exactly what was asked for, and only one payment of it."""
    if notice.currency != CURRENCY:
        raise _Refused(f"It was paid in '{notice.currency}', not in '{CURRENCY}'.")
    if notice.cents != cents_of(top_up.amount_micro_usd):
        raise _Refused(f"{notice.cents} cents were paid, not {cents_of(top_up.amount_micro_usd)}.")
    if top_up.state == TopUpState.PAID and notice.payment_reference != top_up.payment_reference:
        raise _Refused(f"The top-up was paid already by {top_up.payment_reference}; this is another payment.")
    other = TopUp.objects.filter(provider=top_up.provider, payment_reference=notice.payment_reference)
    if notice.payment_reference and other.exclude(pk=top_up.pk).exists():
        raise _Refused(f"The payment {notice.payment_reference} has paid another top-up.")


@durable_write
def _catch_up(*, provider: str, payment_reference: str, now: datetime) -> None:
    """Apply the claims that wait for this payment, if it is credited."""
    top_up = (
        TopUp.objects.select_for_update(no_key=True)
        .filter(provider=provider, payment_reference=payment_reference, state=TopUpState.PAID)
        .first()
    )
    if top_up is None:
        return
    waiting = PaymentEvent.objects.select_for_update(no_key=True).filter(
        provider=provider, payment_reference=payment_reference, outcome=EventOutcome.WAITING
    )
    for event in waiting.order_by("received_at", "pk"):
        _claim(event, top_up, now)


def _claim(event: PaymentEvent, top_up: TopUp, now: datetime) -> None:
    notice = Notice.read_back(event.notice)
    event.top_up = top_up
    if notice.currency == CURRENCY:
        claims.record(top_up, notice)
        claims.bring_in_line(top_up, kind=notice.kind, cause=event.pk, now=now)
        event.outcome = EventOutcome.DONE
    else:
        event.outcome = EventOutcome.REFUSED
        event.note = f"It is in '{notice.currency}', not in '{CURRENCY}'."
    event.save(update_fields=["outcome", "note", "top_up"])
