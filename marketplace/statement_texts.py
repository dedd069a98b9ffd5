"""A statement as JSON and as CSV, part by part, so that a long one is never held as a whole.

Both say the same: opening balance, every line with the balance after it, closing balance. It must not compute
anything: what it writes is given by `statements`.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace import tables
from marketplace.statements import NamedStatement, Row

_COMMON = ("at", "kind", "receipt_id", "transfer_id", "reverses_transfer_id")
COLUMNS = {
    "paid": (
        *_COMMON, "sources", "charges_micro_usd", "fee_micro_usd", "shared_nano_nats", "amount_micro_usd",
        "balance_micro_usd", "note",
    ),
    "earned": (
        *_COMMON, "source", "consumer", "nano_nats", "charge_micro_usd", "floor_top_up_micro_usd",
        "amount_micro_usd", "balance_micro_usd", "note",
    ),
}  # fmt: skip


def as_json(named: NamedStatement) -> Iterator[str]:
    """One object: the heading's fields, `lines`, then the sums."""
    yield _fields(named.heading())[:-1] + ', "lines": ['
    between = "\n"
    for row in named.rows():
        yield between + _fields(row | {"receipt": _receipt(row)})
        between = ",\n"
    yield "\n], " + _fields(named.ending())[1:] + "\n"


def as_csv(named: NamedStatement) -> Iterator[str]:
    """One table. Only what moved has an amount, so the column `amount_micro_usd` sums to what moved."""
    return tables.lines(COLUMNS[named.statement.of], _csv_rows(named))


def _csv_rows(named: NamedStatement) -> Iterator[Row]:
    statement = named.statement
    period = f"{statement.month} in UTC"
    yield {
        "at": statement.month.since,
        "kind": "opening balance",
        "balance_micro_usd": statement.opening_micro_usd,
        "note": period,
    }
    yield from named.rows()
    shared = named.shared()
    if shared is not None:
        yield {
            "at": statement.as_of,
            "kind": "shared influence",
            "note": f"{shared['nano_nats']:+d} nano-nats over {shared['answers']} answers: "
            f"{shared['meaning']}",
        }
    yield {
        "at": statement.as_of,
        "kind": "closing balance",
        "balance_micro_usd": statement.closing_micro_usd,
        "note": f"{period}, {'final' if statement.final else 'not final yet'}",
    }


def _receipt(row: Row) -> str | None:
    return f"/v1/receipts/{row['receipt_id']}" if row["receipt_id"] else None


def _fields(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return tables.written(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value)} is no value of a statement")
