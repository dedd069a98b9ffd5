"""Owners ask for their earnings, operators decide: who may take which step of a payout.

Accounting moves the money and knows the organisation only by its short name.
"""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from accounting import payouts
from accounting.errors import NotFound
from accounting.models import Payout
from accounting.payout_figures import Figures, figures
from accounting.writes import durable_write
from marketplace.models import Organisation, User
from marketplace.roles import BOOKKEEPERS, TREASURERS, require_role, require_staff


def of_organisation(organisation: Organisation) -> QuerySet[Payout]:
    """Its payouts, newest first."""
    return Payout.objects.filter(payee=organisation.slug).order_by("-requested_at", "-id")


def one_of(*, organisation: Organisation, payout_id: UUID) -> Payout:
    found = of_organisation(organisation).filter(pk=payout_id).first()
    if found is None:
        raise NotFound(f"There is no payout {payout_id} that you may know of.")
    return found


def figures_of(organisation: Organisation) -> Figures:
    return figures(payee=organisation.slug, account_ids=_earnings_of(organisation))


@durable_write
def request(
    *,
    organisation: Organisation,
    amount_micro_usd: int | None,
    operation_id: UUID,
    acting_user: User,
    now: datetime,
) -> Payout:
    """Hold so much of the organisation's earnings (None: all that is available) until an operator decides."""
    require_role(acting_user=acting_user, organisation=organisation, roles=TREASURERS)
    return payouts.request(
        operation_id=operation_id,
        payee=organisation.slug,
        account_ids=_earnings_of(organisation),
        amount_micro_usd=amount_micro_usd,
        minimum_micro_usd=settings.PAYOUT_MINIMUM_MICRO_USD,
        acting_user=acting_user.username,
        now=now,
    )


@durable_write
def cancel(*, organisation: Organisation, payout_id: UUID, acting_user: User, now: datetime) -> Payout:
    require_role(acting_user=acting_user, organisation=organisation, roles=TREASURERS)
    payout = one_of(organisation=organisation, payout_id=payout_id)
    return payouts.cancel(payout_id=payout.pk, acting_user=acting_user.username, now=now)


@durable_write
def approve(*, payout_id: UUID, acting_user: User, now: datetime) -> Payout:
    require_staff(acting_user, BOOKKEEPERS)
    return payouts.approve(payout_id=payout_id, acting_user=acting_user.username, now=now)


@durable_write
def refuse(*, payout_id: UUID, reason: str, acting_user: User, now: datetime) -> Payout:
    require_staff(acting_user, BOOKKEEPERS)
    return payouts.refuse(payout_id=payout_id, reason=reason, acting_user=acting_user.username, now=now)


@durable_write
def mark_paid(*, payout_id: UUID, external_reference: str, acting_user: User, now: datetime) -> Payout:
    require_staff(acting_user, BOOKKEEPERS)
    return payouts.mark_paid(
        payout_id=payout_id, external_reference=external_reference, acting_user=acting_user.username, now=now
    )


@durable_write
def mark_returned(*, payout_id: UUID, reason: str, acting_user: User, now: datetime) -> Payout:
    require_staff(acting_user, BOOKKEEPERS)
    return payouts.mark_returned(
        payout_id=payout_id, reason=reason, acting_user=acting_user.username, now=now
    )


def _earnings_of(organisation: Organisation) -> list[int]:
    return list(organisation.sources.values_list("earnings_account_id", flat=True))
