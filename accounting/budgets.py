"""Intelligence budgets: how much a source may give, and where it stands. Nano-nats, rounded up when spent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import BigIntegerField, F, OuterRef, Subquery

from accounting.errors import NotFound
from accounting.ledger import Totals, available
from accounting.limits import set_stated_limit
from accounting.models import Account, AccountKind
from accounting.placeholders import marks
from accounting.writes import joining_write


@dataclass(frozen=True, slots=True)
class BudgetState:
    """In nano-nats; `limit` and `left` are None when the budget is unlimited."""

    limit: int | None
    spent: int
    held: int
    left: int | None


@joining_write
def set_limit(
    *,
    account_id: int,
    limit_nano_nats: int | None,
    operation_id: UUID,
    now: datetime,
    label: str = "limit",
) -> None:
    """Raise, lower or lift (None) a budget; what was spent stays spent, whatever the new limit."""
    set_stated_limit(
        account_id=account_id,
        kind=AccountKind.BUDGET,
        limit=limit_nano_nats,
        operation_id=operation_id,
        now=now,
        label=label,
    )


def state(account_id: int) -> BudgetState:
    found = states((account_id,))
    if account_id not in found:
        raise NotFound(f"There is no budget account {account_id}.")
    return found[account_id]


def states(account_ids: Iterable[int]) -> dict[int, BudgetState]:
    """Many budgets in one query; ids that are no budgets are left out."""
    ids = list(account_ids)
    with connection.cursor() as cursor:
        cursor.execute(_BUDGETS.format(ids=marks(ids)), [*ids, AccountKind.BUDGET])
        rows = cursor.fetchall()
    return {account_id: _state(Totals(*totals)) for account_id, *totals in rows}


# Written out, because every admission asks it: making it from a query set takes longer than asking.
_BUDGETS = """SELECT id, limited, stated_limit, debits_pending, debits_posted, credits_posted, withdrawn
    FROM accounting_account WHERE id IN ({ids}) AND kind = %s"""


def spent_of(column: str) -> Subquery:
    """What the account that `column` names has spent, as an expression of a query over other rows."""
    spent = Account.objects.filter(pk=OuterRef(column)).values(spent=F("debits_posted") - F("withdrawn"))
    return Subquery(spent[:1], output_field=BigIntegerField())


def _state(account: Totals) -> BudgetState:
    net = account.credits_posted - account.withdrawn
    stated = net if account.stated_limit is None else account.stated_limit
    return BudgetState(
        limit=stated if account.limited else None,
        spent=account.debits_posted - account.withdrawn,
        held=account.debits_pending,
        left=available(account),
    )
