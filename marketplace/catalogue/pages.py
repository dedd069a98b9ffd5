"""Cuts a long ordered list into pages by the last row's keys: no page is skipped or repeated, none is slow.

A cursor says the order it belongs to and the keys of the row it begins after; whoever changes it gets another
page of what they may see anyway.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounting.errors import Invalid

Key = tuple[str, bool]  # the column and whether it descends; the last one is unique


@dataclass(frozen=True, slots=True)
class Cut:
    """One page: primary keys in order, and where the pages beside it begin."""

    pks: list[int]
    next: str | None
    previous: str | None


def cut(rows: QuerySet[Any, Any], *, sort: str, keys: Sequence[Key], cursor: str, size: int) -> Cut:
    backwards, after = _read(cursor, sort, len(keys)) if cursor else (False, None)
    ordered = [(name, down != backwards) for name, down in keys]
    if after is not None:
        rows = rows.filter(_beyond(ordered, after))
    found = list(
        rows.order_by(*(f"-{name}" if down else name for name, down in ordered)).values_list(
            "pk", *(name for name, _ in keys)
        )[: size + 1]
    )
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next, has_previous = (bool(after), more) if backwards else (more, bool(after))
    return Cut(
        [row[0] for row in found],
        _write(sort, False, found[-1][1:]) if found and has_next else None,
        _write(sort, True, found[0][1:]) if found and has_previous else None,
    )


def _beyond(keys: Sequence[Key], values: Sequence[Any]) -> Q:
    """Rows behind these values: the plain bound on the first key is what an index starts from."""
    beyond, same = Q(), Q()
    for (name, down), value in zip(keys, values, strict=True):
        beyond |= same & Q(**{f"{name}__{'lt' if down else 'gt'}": value})
        same &= Q(**{name: value})
    first, down = keys[0]
    return Q(**{f"{first}__{'lte' if down else 'gte'}": values[0]}) & beyond


def _write(sort: str, backwards: bool, values: Sequence[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    text = json.dumps([sort, backwards, plain], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, sort: str, count: int) -> tuple[bool, list[Any]]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        of_sort, backwards, values = json.loads(text)
        moments = [datetime.fromisoformat(values[0])] if sort == "newest" else []
    except (ValueError, TypeError, LookupError, binascii.Error) as error:
        raise _foreign() from error
    if of_sort != sort or len(values) != count or not all(map(_is_plain, values)):
        raise _foreign()
    return bool(backwards), [*moments, *values[len(moments) :]]


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return "\0" not in value
    return isinstance(value, int) and abs(value) < 2**63


def _foreign() -> Invalid:
    return Invalid(
        "This cursor does not belong to this list.",
        code="invalid_cursor",
        next_step="Begin again without `cursor`.",
        param="cursor",
    )
