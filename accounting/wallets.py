"""Consumers' money: top-ups of wallets, and the caps that limit what one API key may spend. Micro-USD."""

from datetime import datetime
from uuid import UUID

from accounting import ledger
from accounting.limits import set_stated_limit
from accounting.models import AccountKind
from accounting.payments import top_ups
from accounting.writes import joining_write


@joining_write
def top_up(
    *,
    wallet_id: int,
    amount_micro_usd: int,
    operation_id: UUID,
    acting_user_label: str,
    now: datetime,
    organisation_slug: str = "",
) -> ledger.Balance:
    """An operator brings money in; what is owed is paid first. Repeating it with the same id adds nothing."""
    top_ups.paid_by_hand(
        wallet_id=wallet_id,
        label=organisation_slug,
        amount_micro_usd=amount_micro_usd,
        operation_id=operation_id,
        acting_user=acting_user_label,
        now=now,
    )
    return ledger.balance(wallet_id)


@joining_write
def set_spend_cap(*, account_id: int, limit_micro_usd: int, operation_id: UUID, now: datetime) -> None:
    """The most that holds under this cap may spend in total; it may be raised and lowered at any time."""
    set_stated_limit(
        account_id=account_id,
        kind=AccountKind.SPEND_CAP,
        limit=limit_micro_usd,
        operation_id=operation_id,
        now=now,
    )
