"""Puts the rules into the database, takes them out, and tells which are missing; on PostgreSQL also the two
functions that move a whole answer at once, and how the rows that they write are laid out.

They are installed after every migrate rather than by one migration: on SQLite Django changes a table by
rebuilding it, and a rebuilt table has lost its triggers. For the same reason they make way before it there:
SQLite refuses to rename a table while a trigger of another one speaks of it.
"""

from collections.abc import Iterable
from pathlib import Path

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from accounting.database_rules import dialects
from accounting.database_rules.rules import RULES

INSTALLING = 7_261_001  # the advisory lock of installers, any number that nobody else uses
FUNCTIONS = Path(__file__).parent / "functions"
LAYOUT = (  # room on the page for new versions of rows that every answer moves, and receipts kept whole
    "ALTER TABLE accounting_account SET (fillfactor = 60)",
    "ALTER TABLE accounting_hold SET (fillfactor = 70)",
    "ALTER TABLE accounting_receipt SET (toast_tuple_target = 8160)",
)


def _run(connection: BaseDatabaseWrapper, statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def create_statements(vendor: str) -> list[str]:
    spell = dialects.sqlite_create if vendor == "sqlite" else dialects.postgresql_create
    return [statement for rule in RULES for statement in spell(rule)]


def drop_statements(vendor: str) -> list[str]:
    spell = dialects.sqlite_drop if vendor == "sqlite" else dialects.postgresql_drop
    return [statement for rule in RULES for statement in spell(rule)]


def install(connection: BaseDatabaseWrapper) -> None:
    """All rules at once: no writer ever finds the books without them; installers wait in line."""
    with transaction.atomic(using=connection.alias):
        if connection.vendor == "postgresql":
            _run(connection, [f"SELECT pg_advisory_xact_lock({INSTALLING})", *LAYOUT, *_functions()])
        _run(connection, create_statements(connection.vendor))


def _functions() -> list[str]:
    """Dropped first: PostgreSQL does not replace a function by one with other arguments."""
    statements = []
    for path in sorted(FUNCTIONS.glob("*.sql")):
        name = f"accounting_{path.stem}"
        statements += [_drop_overloads(name), path.read_text()]
    return statements


def _drop_overloads(name: str) -> str:
    return (
        "DO $drop$ DECLARE f regprocedure; BEGIN FOR f IN SELECT oid::regprocedure FROM pg_proc "
        f"WHERE proname = '{name}' LOOP EXECUTE 'DROP ROUTINE ' || f; END LOOP; END $drop$"
    )


def remove(connection: BaseDatabaseWrapper) -> None:
    _run(connection, drop_statements(connection.vendor))


def make_way(connection: BaseDatabaseWrapper, *, tables: str = "accounting") -> None:
    """Before a migration on SQLite: every rule of an app's tables goes, also one that this version does not
    know.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE %s", [f"{tables}_%"]
        )
        present = [row[0] for row in cursor.fetchall()]
    _run(connection, [f"DROP TRIGGER {name}" for name in present])


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {row[0] for row in cursor.fetchall()}
    return sorted(rule.name for rule in RULES if rule.name not in present)
