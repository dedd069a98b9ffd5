"""Which rows are sealed: audit events, transfers, receipts, and the column that tells when a row came."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model, UUIDField

from accounting.models import AuditEvent, Receipt, Transfer
from accounting.sealing.links import Key

Row = tuple[Any, ...]
A_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Book:
    name: str
    noun: str
    model: type[Model]
    time: str

    def columns(self) -> list[str]:
        """Every column that the table has now, the key first; a seal remembers those it was made from."""
        names = [field.attname for field in self.model._meta.concrete_fields if not field.primary_key]
        return ["pk", *sorted(names)]

    def between(
        self, columns: Sequence[str], after: datetime | None, until: datetime, at_most: int | None = None
    ) -> list[Row]:
        """Rows that came after `after` and up to `until`, in the order of time and key."""
        rows = self.model._default_manager.filter(**{f"{self.time}__lte": until})
        if after is not None:
            rows = rows.filter(**{f"{self.time}__gt": after})
        return list(rows.order_by(self.time, "pk").values_list(*columns)[:at_most])

    def by_key(self, columns: Sequence[str], keys: Iterable[Key]) -> Iterator[Row]:
        wanted = list(keys)
        for start in range(0, len(wanted), A_CHUNK):
            found = self.model._default_manager.filter(pk__in=wanted[start : start + A_CHUNK])
            yield from found.order_by(self.time, "pk").values_list(*columns)

    def key(self, raw: bytes) -> Key:
        if isinstance(self.model._meta.pk, UUIDField):
            return UUID(bytes=raw)
        return int.from_bytes(raw, "big")


BOOKS = (
    Book("audit", "audit event", AuditEvent, "at"),
    Book("transfers", "transfer", Transfer, "created_at"),
    Book("receipts", "receipt", Receipt, "issued_at"),
)


def book_named(name: str) -> Book:
    return next(book for book in BOOKS if book.name == name)
