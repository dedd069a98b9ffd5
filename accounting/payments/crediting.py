"""Moves outside money into a wallet and out of it again, and keeps what is owed: top-ups in the ledger.

Money that comes in pays what is owed first. Money that is claimed back leaves the wallet as far as it is free
there; the rest becomes a debt, it never makes a wallet negative. All of it runs in the caller's transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Sum

from accounting import ledger, operations
from accounting.accounts import open_account, system_accounts
from accounting.errors import Invalid
from accounting.models import Account, AccountKind, Asset, Debt, Phase, TopUp, Transfer


@dataclass(frozen=True, slots=True)
class Moved:
    """How one amount was split between the wallet and what is owed."""

    wallet_micro_usd: int
    owed_micro_usd: int


@dataclass(frozen=True, slots=True)
class _Side:
    """One transfer of a movement."""

    giver_id: int
    getter_id: int
    amount: int
    label: str
    reverses_id: UUID | None = None


def owed_micro_usd(wallet_id: int) -> int:
    return Debt.objects.filter(wallet_id=wallet_id).values_list("owed_micro_usd", flat=True).first() or 0


def bring_in(*, top_up: TopUp, amount_micro_usd: int, operation_id: UUID, label: str, now: datetime) -> Moved:
    """Credit the wallet, what is owed first. Repeating it with the same id moves nothing."""
    outcome = _begin(operation_id, "bring_in", top_up, amount_micro_usd, now)
    if outcome is None:
        _locked_wallet(top_up)
        debt = Debt.objects.select_for_update(no_key=True).filter(wallet_id=top_up.wallet_id).first()
        repaid = min(amount_micro_usd, debt.owed_micro_usd) if debt else 0
        sides = [_Side(_funding(), top_up.wallet_id, amount_micro_usd - repaid, label)]
        if debt is not None and repaid:
            Debt.objects.filter(pk=debt.pk).update(owed_micro_usd=F("owed_micro_usd") - repaid)
            sides.append(_Side(_funding(), debt.account_id, repaid, f"{label}: pays what was owed"))
        outcome = _post(
            operation_id, top_up, sides, now, {"wallet": amount_micro_usd - repaid, "owed": repaid}
        )
    return Moved(outcome["wallet"], outcome["owed"])


def take_back(
    *, top_up: TopUp, amount_micro_usd: int, operation_id: UUID, label: str, now: datetime
) -> Moved:
    """Reverse that much of the top-up: from the wallet as far as it has it, the rest is owed."""
    outcome = _begin(operation_id, "take_back", top_up, amount_micro_usd, now)
    if outcome is None:
        free = ledger.available(_locked_wallet(top_up)) or 0
        taken = min(amount_micro_usd, free)
        owed = amount_micro_usd - taken
        reversed_, credit = _reversible(top_up, taken)
        sides = [
            _Side(top_up.wallet_id, _funding(), reversed_, label, reverses_id=credit),
            _Side(top_up.wallet_id, _funding(), taken - reversed_, label),
        ]
        if owed:
            debt = _debt_of(top_up)
            Debt.objects.filter(pk=debt.pk).update(owed_micro_usd=F("owed_micro_usd") + owed)
            sides.append(_Side(debt.account_id, _funding(), owed, f"{label}: owed"))
        outcome = _post(operation_id, top_up, sides, now, {"wallet": taken, "owed": owed})
    return Moved(outcome["wallet"], outcome["owed"])


def _begin(
    operation_id: UUID, kind: str, top_up: TopUp, amount_micro_usd: int, now: datetime
) -> operations.Outcome | None:
    content = {"top_up": str(top_up.pk), "amount": amount_micro_usd}
    return operations.begin(operation_id=operation_id, kind=kind, content=content, now=now)


def _locked_wallet(top_up: TopUp) -> Account:
    """The wallet is always locked first, so that its debt has one writer at a time."""
    wallet = ledger.lock((top_up.wallet_id,))[top_up.wallet_id]
    if wallet.kind != AccountKind.WALLET:
        raise Invalid(f"Account {wallet.pk} is a {wallet.kind}; money is put into wallets only.")
    return wallet


def _reversible(top_up: TopUp, amount: int) -> tuple[int, UUID | None]:
    """How much of `amount` reverses the transfer that credited the wallet, which is never reversed twice."""
    credit = Transfer.objects.filter(
        operation_id=operations.numbered(top_up.pk, "credit"), credit_account_id=top_up.wallet_id
    ).first()
    if credit is None:
        return 0, None
    before = Transfer.objects.filter(reverses=credit).aggregate(sum=Sum("amount"))["sum"] or 0
    return min(amount, credit.amount - before), credit.pk


def _debt_of(top_up: TopUp) -> Debt:
    debt = Debt.objects.filter(wallet_id=top_up.wallet_id).first()
    if debt is None:
        account = open_account(
            asset=Asset.MICRO_USD, kind=AccountKind.OWED, label=f"owed by wallet {top_up.wallet_id}"
        )
        debt = Debt.objects.create(wallet_id=top_up.wallet_id, account=account)
    return debt


def _funding() -> int:
    return system_accounts((AccountKind.FUNDING,))[AccountKind.FUNDING]


def _post(
    operation_id: UUID,
    top_up: TopUp,
    sides: list["_Side"],
    now: datetime,
    outcome: dict[str, int],
) -> operations.Outcome:
    moving = [side for side in sides if side.amount > 0]
    Transfer.objects.bulk_create(
        Transfer(
            id=operations.numbered(operation_id, number),
            operation_id=operation_id,
            phase=Phase.POSTED,
            asset=Asset.MICRO_USD,
            debit_account_id=side.giver_id,
            credit_account_id=side.getter_id,
            amount=side.amount,
            reverses_id=side.reverses_id,
            label=side.label,
            detail={"top_up": str(top_up.pk)},
            created_at=now,
        )
        for number, side in enumerate(moving)
    )
    operations.finish(operation_id=operation_id, outcome=outcome)
    return outcome
