"""Gives out a sealed book row by row: its place, its link, what it says; in constant memory."""

from collections.abc import Iterator
from typing import Any

from accounting.models import Seal
from accounting.sealing import links
from accounting.sealing.books import Book


def exported(book: Book) -> Iterator[dict[str, Any]]:
    """Sealed rows in the order of the chain, then those that wait for their seal."""
    last: Seal | None = None
    for seal in Seal.objects.filter(book=book.name).order_by("number").iterator(chunk_size=20):
        members = list(links.unpacked(bytes(seal.members)))
        rows = {row[0]: row for row in book.by_key(seal.columns, (book.key(m.raw_id) for m in members))}
        for place, member in enumerate(members, start=seal.first_position):
            row = rows.get(book.key(member.raw_id))
            yield {
                "place": place,
                "seal": seal.number,
                "link": member.link.hex(),
                **_named(seal.columns, row),
            }
        last = seal
    columns = book.columns()
    waiting = book.model._default_manager.order_by(book.time, "pk")
    if last is not None:
        waiting = waiting.filter(**{f"{book.time}__gt": last.until})
    for row in waiting.values_list(*columns).iterator(chunk_size=500):
        yield {"place": None, "seal": None, "link": None, **_named(columns, row)}


def _named(columns: list[str], row: tuple[Any, ...] | None) -> dict[str, Any]:
    if row is None:
        return {"missing": True}
    return {
        ("id" if name == "pk" else name): links.plain(value) for name, value in zip(columns, row, strict=True)
    }
