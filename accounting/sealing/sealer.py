"""Seals what has come since the last seal, batch by batch, in order, signed; upkeep runs it, no writer.

It lags behind the clock, so that transactions under way are through; a row that still comes later is sealed
late, within LOOK_BACK. Two sealers at once: one of them finds its number taken and has nothing to do.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError

from accounting import signing
from accounting.models import Seal
from accounting.sealing import heads, links
from accounting.sealing.books import BOOKS, Book, Row
from accounting.writes import durable_write

LAG = timedelta(minutes=1)
LOOK_BACK = timedelta(hours=1)
A_BATCH = 5000


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one seal is made from: `late` says how many of its rows came after their own time was sealed."""

    book: Book
    columns: list[str]
    rows: list[Row]
    late: int
    until: datetime


def seal_books(*, now: datetime, lag: timedelta = LAG) -> list[Seal]:
    """Everything that came before `now` less the lag."""
    sealed = [seal for book in BOOKS for seal in _seal_book(book, now=now, until=now - lag)]
    if sealed:
        heads.keep(sealed)
    return sealed


def _seal_book(book: Book, *, now: datetime, until: datetime) -> list[Seal]:
    sealed = []
    while (seal := _next_or_none(book, now, until)) is not None:
        sealed.append(seal)
    return sealed


def _next_or_none(book: Book, now: datetime, until: datetime) -> Seal | None:
    before = heads.newest(book.name)
    try:
        return _seal_next(book, now, until)
    except IntegrityError:
        if heads.newest(book.name) != before:
            return None  # another sealer took the place and goes on from there
        raise


@durable_write
def _seal_next(book: Book, now: datetime, until: datetime) -> Seal | None:
    last = heads.newest(book.name)
    if last is not None and last.until >= until:
        return None
    columns = book.columns()
    late = _late_rows(book, columns, last) if last else []
    rows = book.between(["pk", book.time], last.until if last else None, until, at_most=A_BATCH + 1)
    if len(rows) > A_BATCH:
        until = _whole_instants(rows)
    elif not rows and not late:
        return None
    rows = [*late, *book.between(columns, last.until if last else None, until)]
    return _write_seal(_Batch(book, columns, rows, len(late), until), last, now)


def _whole_instants(rows: list[Row]) -> datetime:
    """As far as a batch reaches without cutting through rows of one instant."""
    times: list[datetime] = [time for _key, time in rows]
    earlier = [time for time in times if time < times[-1]]
    return max(earlier) if earlier else times[-1]


def _late_rows(book: Book, columns: list[str], last: Seal) -> list[Row]:
    """Rows that were committed after their own time was sealed."""
    recent = list(Seal.objects.filter(book=book.name, until__gt=last.until - LOOK_BACK).order_by("number"))
    there = book.between(["pk"], recent[0].after, last.until)
    if len(there) == sum(seal.count - seal.late for seal in recent):
        return []  # nothing new, unless a row was taken away: that is for the verifier to find
    sealed = {member.raw_id for seal in recent for member in links.unpacked(bytes(seal.members))}
    return list(book.by_key(columns, (key for (key,) in there if links.raw_id(key) not in sealed)))


def _write_seal(batch: _Batch, last: Seal | None, now: datetime) -> Seal:
    previous = bytes.fromhex(last.head) if last else links.beginning(batch.book.name)
    members, link = [], previous
    for row in batch.rows:
        link = links.next_link(link, row)
        members.append(links.Member(links.raw_id(row[0]), link))
    seal = Seal(
        book=batch.book.name,
        number=last.number + 1 if last else 1,
        after=last.until if last else None,
        until=batch.until,
        first_position=last.first_position + last.count if last else 1,
        count=len(members),
        late=batch.late,
        columns=batch.columns,
        members=links.packed(members),
        previous_head=previous.hex(),
        head=link.hex(),
        sealed_at=now,
    )
    seal.jws = signing.sign(seal.statement, kind=signing.AUDIT_SEAL)
    seal.save(force_insert=True)
    return seal
