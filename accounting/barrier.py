"""Waits until what an answer wrote is on disk, before anything of it leaves.

On PostgreSQL the rows that every answer wants are moved by transactions that do not wait for the disk while
they hold them (early lock release); a hot budget would otherwise give one answer per flush. Whoever shows the
result to anybody waits here, outside those locks, where many answers share one flush. The log is written in
order, so a synchronous commit of any later record makes all earlier ones durable; this one is written only
where the row that it vouches for can still be read, because a server that crashed in between has lost it.
On SQLite a commit is durable when it returns, and nothing is to be waited for.
"""

from uuid import UUID

from django.db import connection

_WAIT = {
    table: f"SELECT count(pg_logical_emit_message(true, 'accounting', '')) FROM {table} WHERE {column} = %s"
    for table, column in (("accounting_hold", "id"), ("accounting_receipt", "hold_id"))
}


class LostInACrashError(Exception):
    """The database lost the write before anybody was told of it; it may be tried again."""


def hold_is_durable(hold_id: UUID) -> None:
    """Before the first token leaves: the hold is on record whatever happens (rule 5)."""
    _wait("accounting_hold", hold_id)


def settlement_is_durable(hold_id: UUID) -> None:
    """Before a settlement is acknowledged: its receipt is on record whatever happens."""
    _wait("accounting_receipt", hold_id)


def _wait(table: str, hold_id: UUID) -> None:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(_WAIT[table], [str(hold_id)])
        if cursor.fetchone() != (1,):
            raise LostInACrashError(f"{table} has no row for hold {hold_id}")
