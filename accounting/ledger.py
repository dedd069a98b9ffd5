"""What accounts hold: locks them, says what they can still give, and sums the books up.

Value moves elsewhere: by `transfers` in general, by `holds` and `settlement` for answers. The database moves
the running totals and refuses what would go below zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, Q, Sum, Value, When

from accounting import operations
from accounting.errors import NotFound
from accounting.models import Account, AccountKind, Asset, Phase, Transfer
from accounting.models.accounts import RUNNING_KINDS
from accounting.models.transfers import MOVING_PHASES

ORDER = (AccountKind.BUDGET, AccountKind.WALLET, AccountKind.SPEND_CAP)


@dataclass(frozen=True, slots=True)
class Entry:
    """One side to another: `debit_account_id` gives, `credit_account_id` gets."""

    debit_account_id: int
    credit_account_id: int
    amount: int
    label: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Balance:
    """`available` is None where nothing limits the account."""

    posted: int
    pending: int
    available: int | None


def lock(account_ids: Iterable[int]) -> dict[int, Account]:
    """The accounts, held until the transaction ends, in the one order of all writers: budgets by id, then
    wallets, then spend caps, then what never refuses.
    """
    wanted = sorted(set(account_ids))
    in_order = Case(
        *(When(kind=kind, then=Value(at)) for at, kind in enumerate(ORDER)), default=Value(len(ORDER))
    )
    rows = Account.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by(in_order, "pk")
    found = {account.pk: account for account in rows}
    for account_id in wanted:
        if account_id not in found:
            raise NotFound(f"There is no account {account_id}.")
    return found


class Totals(NamedTuple):
    """What of an account decides what it can still give, without the row."""

    limited: bool
    stated_limit: int | None
    debits_pending: int
    debits_posted: int
    credits_posted: int
    withdrawn: int


def available(account: Account | Totals) -> int | None:
    """What the account can still give; None when nothing limits it."""
    if not account.limited:
        return None
    left = account.credits_posted - account.debits_posted - account.debits_pending
    if account.stated_limit is not None:
        spent = account.debits_posted - account.withdrawn
        left = min(left, account.stated_limit - spent - account.debits_pending)
    return max(0, left)


def posted_transfers(
    operation_id: UUID, entries: Sequence[Entry], accounts: dict[int, Account], now: datetime
) -> list[Transfer]:
    return [
        Transfer(
            id=operations.numbered(operation_id, number),
            operation_id=operation_id,
            phase=Phase.POSTED,
            asset=accounts[entry.debit_account_id].asset,
            debit_account_id=entry.debit_account_id,
            credit_account_id=entry.credit_account_id,
            amount=entry.amount,
            label=entry.label,
            detail=entry.detail,
            created_at=now,
        )
        for number, entry in enumerate(entries)
    ]


def lock_what_can_refuse(account_ids: set[int]) -> dict[int, Account]:
    """All the accounts, but only those with totals are held: the others never wait for each other."""
    keeping = Account.objects.filter(pk__in=account_ids, kind__in=RUNNING_KINDS).values_list("pk", flat=True)
    locked = lock(keeping)
    others = Account.objects.in_bulk(account_ids - locked.keys())
    for account_id in account_ids - locked.keys() - others.keys():
        raise NotFound(f"There is no account {account_id}.")
    return {**others, **locked}


def balance(account_id: int) -> Balance:
    """Where the account stands; from its totals if it keeps them, else from its transfers."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise NotFound(f"There is no account {account_id}.")
    if account.keeps_totals:
        posted = account.credits_posted - account.debits_posted
        return Balance(posted=posted, pending=account.debits_pending, available=available(account))
    moved = Transfer.objects.filter(phase__in=MOVING_PHASES).aggregate(
        debits=Sum("amount", filter=Q(debit_account=account)),
        credits=Sum("amount", filter=Q(credit_account=account)),
    )
    posted = (moved["credits"] or 0) - (moved["debits"] or 0)
    return Balance(posted=posted, pending=0, available=None)


@dataclass(frozen=True, slots=True)
class KindTotals:
    """All accounts of one kind together."""

    asset: str
    kind: str
    debits: int
    credits: int

    @property
    def balance(self) -> int:
        return self.credits - self.debits


def totals_by_kind() -> list[KindTotals]:
    """What moved out of and into the accounts of each kind; kinds that nothing touched are left out."""
    moved = Transfer.objects.filter(phase__in=MOVING_PHASES).order_by()
    debits, credited = (
        {
            (row[f"{side}__asset"], row[f"{side}__kind"]): row["total"]
            for row in moved.values(f"{side}__asset", f"{side}__kind").annotate(total=Sum("amount"))
        }
        for side in ("debit_account", "credit_account")
    )
    return [
        KindTotals(asset, kind, debits.get((asset, kind), 0), credited.get((asset, kind), 0))
        for asset, kind in sorted({*debits, *credited})
    ]


def trial_balance() -> dict[Asset, tuple[int, int]]:
    """Per asset, the debits and the credits of all accounts; equal in books that balance."""
    kinds = totals_by_kind()
    return {
        asset: (
            sum(kind.debits for kind in kinds if kind.asset == asset),
            sum(kind.credits for kind in kinds if kind.asset == asset),
        )
        for asset in Asset
    }
