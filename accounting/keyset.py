"""Reads many rows in order of time in constant memory: page after page, each from the last row's key on.

Every page is one short query that an index answers; nothing is held open between two pages, so a reader may
be as slow as it likes, and rows that are added meanwhile neither shift nor repeat a line (no OFFSET).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q, QuerySet

A_PAGE = 1000
Row = tuple[Any, ...]


def pages(
    rows: QuerySet[Any], *, moment: str, columns: Sequence[str] = (), size: int = A_PAGE
) -> Iterator[list[Row]]:
    """Pages of (moment, id, *columns), oldest first. Bound `rows` above: new rows are read as they come."""
    found: list[Row] = []
    while True:
        wanted = rows if not found else rows.filter(_after(moment, *found[-1][:2]))
        found = list(wanted.order_by(moment, "pk").values_list(moment, "pk", *columns)[:size])
        if found:
            yield found
        if len(found) < size:
            return


def walk(
    rows: QuerySet[Any], *, moment: str, columns: Sequence[str] = (), size: int = A_PAGE
) -> Iterator[Row]:
    """The same, row by row."""
    for page in pages(rows, moment=moment, columns=columns, size=size):
        yield from page


def _after(moment: str, at: Any, key: Any) -> Q:
    """What comes later in the order; the plain bound is what an index can start from."""
    later = Q(**{f"{moment}__gt": at}) | Q(**{moment: at, "pk__gt": key})
    return Q(**{f"{moment}__gte": at}) & later
