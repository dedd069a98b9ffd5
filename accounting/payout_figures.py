"""Where an owner's earnings stand between being earned and being paid out. Reads only."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Sum

from accounting import earned, refunded
from accounting.models import Payout, PayoutState


@dataclass(frozen=True, slots=True)
class Figures:
    """Where an owner's earnings stand, in micro-USD."""

    available: int
    held: int
    on_its_way: int
    paid: int
    owed: int
    refunded: int


def figures(*, payee: str, account_ids: Collection[int]) -> Figures:
    """`held` waits for approval; `owed` is what was refunded after it had been paid out."""
    standing = earned.together(account_ids)
    rows = Payout.objects.filter(payee=payee).order_by().values("state")
    by_state = dict(rows.annotate(total=Sum("amount_micro_usd")).values_list("state", "total"))
    return Figures(
        available=standing.available,
        held=standing.held,
        on_its_way=by_state.get(PayoutState.APPROVED, 0),
        paid=by_state.get(PayoutState.PAID, 0),
        owed=max(0, -standing.balance),
        refunded=refunded.from_earnings(account_ids),
    )
