"""Refunds of receipts: operators give back, the buyer and the owners who were paid see it.

Accounting moves the money; here it is decided who may, and who sees which part.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from accounting import refunded, refunds
from accounting.models import HoldLine, Receipt, Refund
from accounting.refunded import GivenBack
from accounting.writes import durable_write
from marketplace.models import Organisation, User, WindowBudget, WindowKind
from marketplace.roles import BOOKKEEPERS, require_staff


@durable_write
def refund(
    *,
    receipt_id: UUID,
    amount_micro_usd: int | None,
    reason: str,
    operation_id: UUID,
    acting_user: User,
    now: datetime,
) -> Refund:
    """Give so much (None: all that is left) of what the answer cost back to its buyer."""
    require_staff(acting_user, BOOKKEEPERS)
    return refunds.refund(
        operation_id=operation_id,
        receipt_id=receipt_id,
        amount_micro_usd=amount_micro_usd,
        reason=reason,
        acting_user=acting_user.username,
        now=now,
        organisation_slug=_buyer_of(receipt_id),
    )


@durable_write
def give_back_influence(
    *, receipt_id: UUID, reason: str, operation_id: UUID, acting_user: User, now: datetime
) -> Refund:
    """Give the nats of an answer that provably never left back to the budgets.

    Rolling windows are left out: they give back by themselves, and twice would be once too often.
    """
    require_staff(acting_user, BOOKKEEPERS)
    return refunds.give_back_influence(
        operation_id=operation_id,
        receipt_id=receipt_id,
        reason=reason,
        acting_user=acting_user.username,
        now=now,
        organisation_slug=_buyer_of(receipt_id),
        not_to_account_ids=_rolling_of(receipt_id),
    )


def seen(*, receipt_id: UUID, own_earnings: Collection[int] | None) -> list[dict[str, Any]]:
    """The receipt's refunds: whole for its buyer (None), for an owner what their own sources gave back."""
    found = [_shown(one, own_earnings) for one in refunded.of_receipt(receipt_id)]
    return [one for one in found if own_earnings is None or one["parts"]]


def _shown(one: GivenBack, own_earnings: Collection[int] | None) -> dict[str, Any]:
    parts = [part for part in one.parts if own_earnings is None or part.earnings_account_id in own_earnings]
    amount = one.amount_micro_usd if own_earnings is None else sum(part.amount_micro_usd for part in parts)
    return {
        "refund_id": str(one.id),
        "made_at": one.made_at,
        "reason": one.reason,
        "amount_micro_usd": amount,
        "parts": [
            {
                "source": None if part.earnings_account_id is None else part.label,
                "amount_micro_usd": part.amount_micro_usd,
            }
            for part in parts
        ],
    }


def _buyer_of(receipt_id: UUID) -> str:
    """For the audit log; a receipt that does not exist is refused by accounting."""
    wallet = Receipt.objects.filter(pk=receipt_id).values("wallet_id")[:1]
    return (
        Organisation.objects.filter(wallet_account_id__in=wallet).values_list("slug", flat=True).first() or ""
    )


def _rolling_of(receipt_id: UUID) -> list[int]:
    lines = HoldLine.objects.filter(hold__receipt=receipt_id).values_list("budget_account_ids", flat=True)
    named = {account_id for ids in lines for account_id in ids}
    rolling = WindowBudget.objects.filter(account_id__in=named, kind=WindowKind.ROLLING)
    return list(rolling.values_list("account_id", flat=True))
