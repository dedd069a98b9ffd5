"""Answers whether the books are sound: `check` proves the seven rules over the whole database.

It only reads, and every question is one statement, so it may run beside a busy system: what it looks for is
false at every instant of sound books.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from accounting.checking import balances, corrections, holds, payments, payouts, receipts, refunds, signed
from accounting.checking.question import Breach, Question
from accounting.database_rules import dialects, installation
from accounting.models import Account, Hold, HoldState, Receipt, Transfer

__all__ = ["Breach", "Checked", "check"]
QUESTIONS: tuple[Question, ...] = (
    *balances.QUESTIONS,
    *corrections.QUESTIONS,
    *holds.QUESTIONS,
    *payouts.QUESTIONS,
    *refunds.QUESTIONS,
    *receipts.QUESTIONS,
    *payments.QUESTIONS,
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at and what breaks; `overdue` holds wait for upkeep and break nothing yet."""

    breaches: tuple[Breach, ...]
    accounts: int
    transfers: int
    receipts: int
    open_holds: int
    overdue_holds: int

    @property
    def sound(self) -> bool:
        return not self.breaches


def check(*, now: datetime) -> Checked:
    found = [Breach(0, name, "this rule is not in the database") for name in installation.missing(connection)]
    for question in QUESTIONS:
        found += _asked(question)
    found += signed.breaches()
    opened = Hold.objects.filter(state=HoldState.OPEN)
    return Checked(
        breaches=tuple(found),
        accounts=Account.objects.count(),
        transfers=Transfer.objects.count(),
        receipts=Receipt.objects.count(),
        open_holds=opened.count(),
        overdue_holds=opened.filter(expires_at__lte=now).count(),
    )


def _asked(question: Question) -> list[Breach]:
    with connection.cursor() as cursor:
        cursor.execute(dialects.spelled(question.sql, connection.vendor))
        return [Breach(question.rule, f"{question.subject} {row[0]}", question.what) for row in cursor]
