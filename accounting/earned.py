"""What earnings accounts have: credited and not taken, and what of it is held. Reads only.

These accounts keep no totals, so that answers never wait for each other there; whoever decides something by
these sums locks the accounts first.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet, Sum

from accounting.models import Phase, Transfer
from accounting.models.transfers import MOVING_PHASES


@dataclass(frozen=True, slots=True)
class Standing:
    """`balance` may be negative: what was refunded after it was paid out is owed by later earnings."""

    balance: int = 0
    held: int = 0

    @property
    def available(self) -> int:
        return max(0, self.balance - self.held)


def standings(account_ids: Collection[int]) -> dict[int, Standing]:
    """Every account by itself, in ascending id."""
    moved = Transfer.objects.filter(phase__in=MOVING_PHASES)
    credited = _sums(moved.filter(credit_account__in=account_ids), "credit_account_id")
    debited = _sums(moved.filter(debit_account__in=account_ids, hold__isnull=True), "debit_account_id")
    pending = Transfer.objects.filter(
        phase=Phase.PENDING, hold__isnull=True, debit_account__in=account_ids, resolution__isnull=True
    )
    held = _sums(pending, "debit_account_id")
    return {
        account_id: Standing(
            credited.get(account_id, 0) - debited.get(account_id, 0), held.get(account_id, 0)
        )
        for account_id in sorted(account_ids)
    }


def together(account_ids: Collection[int]) -> Standing:
    """All of them; an account that owes lessens what the others have."""
    each = standings(account_ids).values()
    return Standing(sum(one.balance for one in each), sum(one.held for one in each))


def _sums(rows: QuerySet[Transfer], side: str) -> dict[int, int]:
    return {row[side]: row["total"] for row in rows.order_by().values(side).annotate(total=Sum("amount"))}
