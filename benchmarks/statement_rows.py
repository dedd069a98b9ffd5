"""Fills a month with answers for benchmarks of reading: rows as settlements leave them, written in bulk.

The rules of the books are set aside while it writes, so it is for databases that are thrown away only.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice

from django.db import connection

from accounting.database_rules import installation
from accounting.models import Receipt, ReceiptLine
from accounting.periods import Month

A_BATCH = 5000


def fill(*, wallet_id: int, earnings_account_id: int, month: Month, answers: int) -> None:
    """So many answers, evenly over the month, each with one paid seat."""
    with without_rules():
        numbers = iter(range(answers))
        while batch := list(islice(numbers, A_BATCH)):
            receipts = [_receipt(wallet_id, month, number, answers) for number in batch]
            Receipt.objects.bulk_create(receipts)
            ReceiptLine.objects.bulk_create(_line(receipt, earnings_account_id) for receipt in receipts)


def _receipt(wallet_id: int, month: Month, number: int, answers: int) -> Receipt:
    at = month.since + (month.until - month.since - timedelta(seconds=1)) * number / answers
    return Receipt(
        id=uuid.uuid4(), hold_id=uuid.uuid4(), wallet_id=wallet_id, issued_at=at, jws="x" * 2000,
        charges_micro_usd=40, fee_micro_usd=2, total_micro_usd=42, shared_nano_nats=7,
    )  # fmt: skip


def _line(receipt: Receipt, earnings_account_id: int) -> ReceiptLine:
    return ReceiptLine(
        receipt=receipt, label="almanac", earnings_account_id=earnings_account_id, nano_nats=2 * 10**9,
        drawn_nano_nats=2 * 10**9, charge_micro_usd=40, floor_top_up_micro_usd=0, issued_at=receipt.issued_at,
    )  # fmt: skip


@contextmanager
def without_rules() -> Iterator[None]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            yield
            cursor.execute("SET session_replication_role = origin")
            cursor.execute("ANALYZE accounting_hold")
            cursor.execute("ANALYZE accounting_receipt")
            cursor.execute("ANALYZE accounting_receiptline")
            return
        for statement in installation.drop_statements("sqlite"):
            cursor.execute(statement)
        yield
