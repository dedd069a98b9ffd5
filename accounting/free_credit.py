"""The platform's free credit: with the first answer of a UTC month a wallet is topped up to an amount, once.

It is real money of the platform (`promotion`), so owners are paid from it like from any other. A wallet that
has the amount already gets nothing that month, and nobody gets anything while money is owed.
"""

from datetime import UTC, datetime
from uuid import UUID, uuid5

from accounting import ledger, operations
from accounting.accounts import system_accounts
from accounting.models import Account, AccountKind, Operation, Transfer
from accounting.payments.crediting import owed_micro_usd
from accounting.writes import durable_write

LABEL = "free credit"
KIND = "free_credit"
_NAMES = UUID("0b7d5f43-6f0a-4c43-9d4d-5f1d1d8f7c11")  # the name space of months' operation ids


def month_of(now: datetime) -> str:
    """The UTC calendar month that a moment belongs to."""
    return f"{now.astimezone(UTC):%Y-%m}"


def due_micro_usd(*, wallet_id: int, amount_micro_usd: int, now: datetime) -> int:
    """What the next answer of this month would add to the wallet."""
    if amount_micro_usd <= 0 or _is_used(wallet_id, now) or owed_micro_usd(wallet_id):
        return 0
    return _missing(Account.objects.get(pk=wallet_id), amount_micro_usd)


def grant(*, wallet_id: int, amount_micro_usd: int, now: datetime) -> int:
    """Top the wallet up to the amount, if this month's credit is due; says what was added.

    Off (an amount of 0) it asks nothing; a used month costs one look at a primary key.
    """
    if amount_micro_usd <= 0 or _is_used(wallet_id, now):
        return 0
    return _granted(wallet_id=wallet_id, amount_micro_usd=amount_micro_usd, now=now)


@durable_write
def _granted(*, wallet_id: int, amount_micro_usd: int, now: datetime) -> int:
    wallet = ledger.lock((wallet_id,))[wallet_id]
    if owed_micro_usd(wallet_id):
        return 0
    operation_id = _operation_id(wallet_id, now)
    content = {"wallet": wallet_id, "month": month_of(now)}  # not the amount: once is once
    if operations.begin(operation_id=operation_id, kind=KIND, content=content, now=now) is not None:
        return 0
    missing = _missing(wallet, amount_micro_usd)
    if missing:
        promotion_id = system_accounts((AccountKind.PROMOTION,))[AccountKind.PROMOTION]
        entry = ledger.Entry(promotion_id, wallet_id, missing, label=LABEL, detail={"month": month_of(now)})
        accounts = {wallet_id: wallet, promotion_id: Account(pk=promotion_id, asset=wallet.asset)}
        Transfer.objects.bulk_create(ledger.posted_transfers(operation_id, (entry,), accounts, now))
    operations.finish(operation_id=operation_id, outcome={"granted": missing})
    return missing


def _missing(wallet: Account, amount_micro_usd: int) -> int:
    """Money that answers hold is still the wallet's, so that holding cannot win a larger credit."""
    return max(0, amount_micro_usd - (wallet.credits_posted - wallet.debits_posted))


def _is_used(wallet_id: int, now: datetime) -> bool:
    return Operation.objects.filter(pk=_operation_id(wallet_id, now)).exists()


def _operation_id(wallet_id: int, now: datetime) -> UUID:
    return uuid5(_NAMES, f"{wallet_id}:{month_of(now)}")
