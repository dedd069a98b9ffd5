"""Consumers' money: top-ups of wallets, and the caps that limit what one API key may spend. Micro-USD."""

from datetime import datetime
from uuid import UUID

from accounting import ledger
from accounting.accounts import system_accounts
from accounting.errors import Invalid, NotFound
from accounting.limits import set_stated_limit
from accounting.models import Account, AccountKind
from accounting.writes import joining_write


@joining_write
def top_up(
    *, wallet_id: int, amount_micro_usd: int, operation_id: UUID, acting_user_label: str, now: datetime
) -> ledger.Balance:
    """Money comes in from outside; repeating the call with the same id adds nothing."""
    kind = Account.objects.filter(pk=wallet_id).values_list("kind", flat=True).first()
    if kind is None:
        raise NotFound(f"There is no account {wallet_id}.")
    if kind != AccountKind.WALLET:
        raise Invalid(f"Account {wallet_id} is a {kind}; money is put into wallets only.")
    funding = system_accounts((AccountKind.FUNDING,))[AccountKind.FUNDING]
    entry = ledger.Entry(
        funding, wallet_id, amount_micro_usd, label="top-up", detail={"actor": acting_user_label}
    )
    ledger.post(operation_id=operation_id, kind="wallet_top_up", entries=(entry,), now=now)
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
