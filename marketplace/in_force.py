"""What changed since a process last looked: how a change is in force for the next query everywhere.

Triggers note every source whose row or voting partition is written, whoever writes it, with the id of the
writing transaction: a use case has nothing to call, and no writer waits for another. A reader keeps the
oldest transaction that was still under way when it looked, and asks for everything noted from that one on:
what was committed before it looks is always found, and some of it once more: while a transaction of the
server is under way, every query reads again what changed since that began. It decides nothing about votes.
"""

import json
from dataclasses import dataclass

from django.db import connection

from accounting.database_rules.rule import Effect, Rule

_NOTE = """INSERT INTO marketplace_sourcechange (source_id, changed_in) VALUES ({source}, {transaction})
    ON CONFLICT (source_id) DO UPDATE SET changed_in = excluded.changed_in"""
_THIS_TRANSACTION = {
    "postgresql": "pg_current_xact_id()::text::bigint",
    "sqlite": "(SELECT COALESCE(MAX(changed_in), 0) + 1 FROM marketplace_sourcechange)",
}
# One statement each, so that the mark and the changes are of one moment. A restored PostgreSQL may hold ids
# that lie in its future: those rows were there when the reader began.
_READ = {
    "postgresql": """SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
        ARRAY(SELECT source_id FROM marketplace_sourcechange WHERE changed_in >= %s
            AND changed_in < pg_snapshot_xmax(pg_current_snapshot())::text::bigint)""",
    "sqlite": """SELECT (SELECT COALESCE(MAX(changed_in), 0) FROM marketplace_sourcechange),
        (SELECT json_group_array(source_id) FROM marketplace_sourcechange WHERE changed_in > %s)""",
}
_NOTHING = 2**62  # a mark that no change reaches


def _noted(source: str) -> tuple[Effect, ...]:
    return tuple(
        Effect(_NOTE.format(source=source, transaction=this), only_on=vendor)
        for vendor, this in _THIS_TRANSACTION.items()
    )


_VOTED_OR_VOTES = "OLD.state = 'active' OR NEW.state = 'active'"
RULES: tuple[Rule, ...] = (
    Rule("marketplace_source", "INSERT", _noted("NEW.id"), about="change"),
    Rule("marketplace_source", "UPDATE", _noted("NEW.id"), about="change"),
    Rule("marketplace_partition", "INSERT", _noted("NEW.source_id"), about="change",
         only_when="NEW.state = 'active'"),
    Rule("marketplace_partition", "UPDATE", _noted("NEW.source_id"), about="change",
         only_when=_VOTED_OR_VOTES),
    Rule("marketplace_partition", "DELETE", _noted("OLD.source_id"), about="change",
         only_when="OLD.state = 'active'"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Changes:
    """`mark` is where the next look begins; `source_ids` None: start anew, the database is another one."""

    mark: int
    source_ids: tuple[int, ...] | None


def mark() -> int:
    """Where a reader begins who reads everything after this."""
    return _read(_NOTHING)[0]


def changes_since(known: int) -> Changes:
    """One statement. A mark that lies behind the known one is that of a database that was put back."""
    now, ids = _read(known)
    return Changes(now, ids if now >= known else None)


def _read(known: int) -> tuple[int, tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_READ[connection.vendor], [known])
        now, ids = cursor.fetchone()
    return int(now), tuple(json.loads(ids) if isinstance(ids, str) else ids)
