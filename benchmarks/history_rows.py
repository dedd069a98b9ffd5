"""Makes a long past out of a short one: every row of some real answers, copied often, earlier each time.

Only for benchmarks, on a database of their own. What belongs together stays so: ids are moved by the number
of the copy, the same way wherever they are named. Account totals move along; signatures are copied as
they are and prove nothing.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

TABLES = (
    "accounting_hold",
    "accounting_holdline",
    "accounting_transfer",
    "accounting_receipt",
    "accounting_receiptline",
)
NUMBERED = {"accounting_holdline": "id", "accounting_receiptline": "id"}
POINTS_TO_A_LINE = ("accounting_transfer", "line_id")
OF_ANSWERS = {"accounting_transfer": "hold_id IS NOT NULL"}


def copy_the_past(answer_some: Callable[[], object], transfers: int) -> None:
    """Run `answer_some` once, and copy what it wrote until there are about so many transfers."""
    with connection.cursor() as cursor:
        before = _spent(cursor)
        answer_some()
        cursor.execute("SELECT count(*) FROM accounting_transfer WHERE hold_id IS NOT NULL")
        copies = transfers // cursor.fetchone()[0] - 1
        spent = {account: total - before.get(account, 0) for account, total in _spent(cursor).items()}
        with transaction.atomic():
            cursor.execute(
                "SET LOCAL session_replication_role = replica"
            )  # no triggers, for the filling only
            strides = {table: _largest(cursor, table) + 1 for table in NUMBERED}
            for table in TABLES:
                _copy(cursor, table, strides, copies)
            cursor.executemany(
                "UPDATE accounting_account SET debits_posted = debits_posted + %s WHERE id = %s",
                [(total * copies, account) for account, total in spent.items() if total],
            )
            for table in NUMBERED:
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT max(id) FROM {table}))", [table]
                )


def _spent(cursor: Any) -> dict[int, int]:
    cursor.execute("SELECT id, debits_posted FROM accounting_account")
    return dict(cursor.fetchall())


def _largest(cursor: Any, table: str) -> int:
    cursor.execute(f"SELECT max(id) FROM {table}")
    return int(cursor.fetchone()[0])


def _copy(cursor: Any, table: str, strides: dict[str, int], copies: int) -> None:
    cursor.execute(
        "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = %s"
        " AND is_generated = 'NEVER'",
        [table],
    )
    columns = cursor.fetchall()
    values = [_moved(table, name, kind, strides) for name, kind in columns]
    names = ", ".join(f'"{name}"' for name, _ in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {', '.join(values)}"
        f" FROM {table} t, generate_series(1, %s) copy WHERE {OF_ANSWERS.get(table, 'true')}",
        [copies],
    )


def _moved(table: str, name: str, kind: str, strides: dict[str, int]) -> str:
    """One column of a copy. The number of the copy leads every id, so that copies come before what is new."""
    if kind == "uuid":
        return f"(lpad(to_hex(copy), 12, '0') || substr(replace(t.\"{name}\"::text, '-', ''), 13))::uuid"
    if kind == "timestamptz":
        return f"t.\"{name}\" - copy * interval '1 second'"
    if name == NUMBERED.get(table):
        return f't."{name}" + copy * {strides[table]}'
    if (table, name) == POINTS_TO_A_LINE:
        return f't."{name}" + copy * {strides["accounting_holdline"]}'
    return f't."{name}"'
