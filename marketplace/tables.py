"""Rows as CSV, line by line: for spreadsheets that would rather run a cell than show it.

A text that starts like a formula gets an apostrophe before it, as spreadsheets themselves do; numbers stay
numbers. Used by the API and the portal alike. It must not know what the rows mean.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class _Echo:
    """csv.writer writes into it; it hands the line back."""

    def write(self, line: str) -> str:
        return line


def lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A heading and one line a row, as they come; what a row lacks is empty."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([cell(row.get(column)) for column in columns])


def cell(value: object) -> object:
    """Moments in ISO 8601 and UTC; text that cannot be taken for a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_STARTS_A_FORMULA) else text


def written(moment: datetime) -> str:
    """`2026-11-23T09:40:50.123456Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
