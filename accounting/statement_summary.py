"""The totals of a statement by the database's own sums: for a page that shows few of its lines.

They are what walking all lines would give, at the moment they are asked for. Reads only.
"""

from typing import Any

from django.db.models import Count, F, QuerySet, Sum

from accounting.models import Receipt
from accounting.monthly_statements import Statement, Total, Totals
from accounting.statement_lines import (
    ANSWER,
    SIDES,
    other_transfers_of,
    receipt_lines_of,
    receipts_of,
)

_SHARED = {"shared": Sum("shared_nano_nats"), "measured": Count("shared_nano_nats")}


def summarise(statement: Statement) -> Totals:
    """Also set as the statement's totals, so that its closing balance can be asked for."""
    totals = Totals()
    if statement.of == "paid":
        _paid(statement, totals)
    else:
        _earned(statement, totals)
    for side in SIDES:
        _others(statement, side, totals)
    statement.totals = totals
    return totals


def _paid(statement: Statement, totals: Totals) -> None:
    (wallet_id,) = statement.account_ids
    found = receipts_of(wallet_id, statement.window)
    sums = found.aggregate(
        lines=Count("pk"), total=Sum("total_micro_usd"), charges=Sum("charges_micro_usd"),
        fee=Sum("fee_micro_usd"), **_SHARED,
    )  # fmt: skip
    _answers(totals, sums["lines"], -(sums["total"] or 0))
    totals.charges_micro_usd, totals.fee_micro_usd = sums["charges"] or 0, sums["fee"] or 0
    _shared(totals, sums)


def _earned(statement: Statement, totals: Totals) -> None:
    found = receipt_lines_of(statement.account_ids, statement.window)
    sums = found.aggregate(
        lines=Count("pk"), nats=Sum("nano_nats"), charge=Sum("charge_micro_usd"),
        floors=Sum("floor_top_up_micro_usd"),
    )  # fmt: skip
    totals.charges_micro_usd, totals.floor_top_ups_micro_usd = sums["charge"] or 0, sums["floors"] or 0
    totals.nano_nats = sums["nats"] or 0
    _answers(totals, sums["lines"], totals.charges_micro_usd + totals.floor_top_ups_micro_usd)
    answers: QuerySet[Receipt] = Receipt.objects.filter(pk__in=found.values("receipt_id"))
    _shared(totals, answers.aggregate(**_SHARED))


def _answers(totals: Totals, lines: int, amount: int) -> None:
    if lines:
        totals.by_kind[ANSWER] = Total(lines, amount)


def _shared(totals: Totals, sums: dict[str, Any]) -> None:
    totals.shared_nano_nats, totals.measured_answers = sums["shared"], sums["measured"]


def _others(statement: Statement, side: Any, totals: Totals) -> None:
    rows = other_transfers_of(statement.account_ids, side, statement.window)
    sign = 1 if side == "credit" else -1
    for row in rows.values("label", kind=F("operation__kind")).annotate(lines=Count("pk"), sum=Sum("amount")):
        named = row["label"] or row["kind"].replace("_", " ")
        total = totals.by_kind.setdefault(named, Total())
        total.lines += row["lines"]
        total.amount_micro_usd += sign * row["sum"]
