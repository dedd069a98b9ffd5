"""PostgreSQL answers every query of a statement from an index: others' rows cost nothing."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounting import monthly_statements
from tests.accounting.conftest import open_market
from tests.accounting.test_monthly_statements import LATER, MAY, START, answer, top_up

pytestmark = [pytest.mark.books, pytest.mark.django_db]

BIG = ("accounting_receipt", "accounting_receiptline", "accounting_transfer")


@pytest.fixture
def busy():
    """A wallet among others, each with a few rows; planned as if the tables were large."""
    markets = [open_market() for _ in range(3)]
    for market in markets:
        for hour in range(4):
            answer(market, START + timedelta(hours=hour), a=1, b=1)
            top_up(market, 5, START + timedelta(hours=hour))
    return markets[0]


def read(market):
    with CaptureQueriesContext(connection) as context:
        list(monthly_statements.of_consumer(wallet_id=market.wallet, month=MAY, now=LATER).lines())
        accounts = [owner.earnings for owner in market.owners.values()]
        list(monthly_statements.of_owner(earnings_account_ids=accounts, month=MAY, now=LATER).lines())
    return [query["sql"] for query in context if any(f'FROM "{table}"' in query["sql"] for table in BIG)]


def test_no_query_of_a_statement_reads_a_whole_table(busy):
    statements = read(busy)
    assert len(statements) >= 8
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        for sql in statements:
            assert " OFFSET " not in sql
            if connection.vendor == "postgresql":
                cursor.execute(f"EXPLAIN {sql}")
                plan = "\n".join(row[0] for row in cursor.fetchall())
                assert "Seq Scan" not in plan, plan
            else:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
                plan = "\n".join(row[3] for row in cursor.fetchall())
                assert not re.search(r"\bSCAN (accounting_|U\d)", plan), plan


def test_the_indexes_are_of_the_account_and_then_of_the_time(busy):
    """The first two conditions bound what is read: other accounts' rows and other months' are not touched."""
    for sql in read(busy):
        if "SUM(" in sql or "issued_at" not in sql.split("ORDER BY")[-1]:
            continue
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + sql)
            plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
        assert re.search(r"receipt_by_wallet_and_time|receipt_line_by_earner", plan), plan
