"""Sets what an account may give in total: the machinery under budgets and spend caps.

A limit is credited to the account from a grant account, and lowering it takes credit back, as far as nothing
was spent or held from it. A limit below what is already spent or held breaks nothing: the stated limit is
kept beside the credits, and the account refuses until it is raised again. No limit at all (None) lifts the
refusal and keeps the totals, so that a limit set later counts everything that was spent before.
"""

from datetime import datetime
from uuid import UUID

from accounting import ledger, operations
from accounting.accounts import system_accounts
from accounting.errors import Invalid
from accounting.models import Account, AccountKind, Transfer
from accounting.terms import whole

GRANT_OF: dict[str, AccountKind] = {
    AccountKind.BUDGET: AccountKind.INFLUENCE_GRANT,
    AccountKind.SPEND_CAP: AccountKind.SPEND_CAP_GRANT,
}


def set_stated_limit(
    *,
    account_id: int,
    kind: str,
    limit: int | None,
    operation_id: UUID,
    now: datetime,
    label: str = "limit",
) -> None:
    """Runs inside the caller's transaction; repeating it with the same id changes nothing."""
    if limit is not None:
        whole("limit", limit)
    content = {"account": account_id, "limit": limit}
    if operations.begin(operation_id=operation_id, kind="set_limit", content=content, now=now) is not None:
        return
    grant = system_accounts((GRANT_OF[kind],))[GRANT_OF[kind]]
    account = ledger.lock((account_id,))[account_id]
    if account.kind != kind:
        raise Invalid(f"Account {account_id} is a {account.kind}, not a {kind}.")
    if limit is not None:
        _move_credit(account, grant, limit, operation_id=operation_id, now=now, label=label)
    Account.objects.filter(pk=account_id).update(stated_limit=limit, limited=limit is not None)
    operations.finish(operation_id=operation_id, outcome={"limit": limit})


def _move_credit(
    account: Account, grant_id: int, limit: int, *, operation_id: UUID, now: datetime, label: str
) -> None:
    used = account.debits_posted - account.withdrawn + account.debits_pending
    change = max(limit, used) - (account.credits_posted - account.withdrawn)
    if change == 0:
        return
    giver, getter = (grant_id, account.pk) if change > 0 else (account.pk, grant_id)
    entry = ledger.Entry(giver, getter, abs(change), label=label)
    accounts = {account.pk: account, grant_id: Account(pk=grant_id, asset=account.asset)}
    Transfer.objects.bulk_create(ledger.posted_transfers(operation_id, (entry,), accounts, now))
