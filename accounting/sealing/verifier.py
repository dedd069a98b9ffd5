"""Answers whether the sealed rows are still those that were sealed, and names every one that is not.

Reads one seal's rows at a time. It finds a row that was changed, taken away, put in or moved, a seal that was
altered, cut out or not signed by us, and a chain shorter than a head kept outside. It repairs nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounting import signing
from accounting.models import Seal
from accounting.sealing import heads, links
from accounting.sealing.books import BOOKS, Book, Row, book_named

GRACE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """One row or seal, and what is wrong with it."""

    subject: str
    what: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.what}"


@dataclass(frozen=True, slots=True)
class Verified:
    findings: tuple[Finding, ...]
    seals: int
    rows: int
    heads: dict[str, str]

    @property
    def sound(self) -> bool:
        return not self.findings


def verify(*, now: datetime, kept_outside: dict[str, str] | None = None) -> Verified:
    """All books; `kept_outside` are signed heads by book, those of the file beside the keys if not given."""
    kept = heads.kept_heads() if kept_outside is None else kept_outside
    findings = [found for book in BOOKS for found in _of_book(book, now)]
    findings += [found for jws in kept.values() for found in _of_kept_head(jws)]
    newest = {book.name: seal.head for book in BOOKS if (seal := heads.newest(book.name))}
    counts = list(Seal.objects.values_list("count", flat=True))
    return Verified(tuple(findings), len(counts), sum(counts), newest)


def _of_book(book: Book, now: datetime) -> Iterator[Finding]:
    late = _late_ids(book)
    last: Seal | None = None
    for seal in Seal.objects.filter(book=book.name).order_by("number").iterator(chunk_size=20):
        yield from _of_place(seal, last)
        yield from _of_rows(book, seal, late)
        last = seal
    for row in book.between(["pk"], last.until if last else None, now - GRACE, at_most=20):
        yield Finding(f"{book.noun} {row[0]}", f"has waited for its seal for more than {GRACE}")


def _of_place(seal: Seal, last: Seal | None) -> Iterator[Finding]:
    """Whether the seal itself is what was signed, and follows the one before."""
    name = f"seal {seal.number} of {seal.book}"
    before = last.head if last else links.beginning(seal.book).hex()
    first = last.first_position + last.count if last else 1
    if seal.number != (last.number if last else 0) + 1:
        yield Finding(name, f"follows seal {last.number if last else 0}: seals between them are missing")
    elif (seal.previous_head, seal.first_position) != (before, first):
        yield Finding(name, "does not continue the seal before it")
    if signing.payload(seal.jws, kind=signing.AUDIT_SEAL) != seal.statement:
        yield Finding(name, "its signature does not hold for what it says")
    members = list(links.unpacked(bytes(seal.members)))
    if len(members) != seal.count or (members and members[-1].link.hex() != seal.head):
        yield Finding(name, "its list of rows is not the one that was signed")


def _of_rows(book: Book, seal: Seal, late: frozenset[bytes]) -> Iterator[Finding]:
    members = list(links.unpacked(bytes(seal.members)))
    if gone := set(seal.columns) - set(book.columns()):
        yield Finding(f"seal {seal.number} of {seal.book}", f"cannot be compared: no column {sorted(gone)}")
        return
    rows = {links.raw_id(row[0]): row for row in book.between(seal.columns, seal.after, seal.until)}
    sealed = {member.raw_id for member in members}
    elsewhere = [book.key(member.raw_id) for member in members if member.raw_id not in rows]
    for raw in rows.keys() - sealed - late:
        yield Finding(f"{book.noun} {book.key(raw)}", "was put in: no seal has it")
    rows |= {links.raw_id(row[0]): row for row in book.by_key(seal.columns, elsewhere)}
    yield from _of_links(book, seal, members, rows)


def _of_links(
    book: Book, seal: Seal, members: list[links.Member], rows: dict[bytes, Row]
) -> Iterator[Finding]:
    """Each row against the link before it, so that one changed row does not accuse those behind it."""
    before = bytes.fromhex(seal.previous_head)
    for place, member in enumerate(members, start=seal.first_position):
        name, row = f"{book.noun} {book.key(member.raw_id)}", rows.get(member.raw_id)
        if row is None:
            yield Finding(name, f"is missing: it was at place {place} of {book.name}")
        elif links.next_link(before, row) != member.link:
            yield Finding(name, f"is not what was sealed at place {place} of {book.name}")
        before = member.link


def _late_ids(book: Book) -> frozenset[bytes]:
    """Rows whose time had been sealed before they came: another seal has them."""
    with_late = Seal.objects.filter(book=book.name, late__gt=0).only("members", "late")
    size = links.ID_BYTES + links.LINK_BYTES
    return frozenset(
        member.raw_id
        for seal in with_late.iterator(chunk_size=20)
        for member in links.unpacked(bytes(seal.members)[: seal.late * size])
    )


def _of_kept_head(jws: str) -> Iterator[Finding]:
    said = signing.payload(jws, kind=signing.AUDIT_SEAL)
    if said is None:
        yield Finding("a head kept outside", "is not signed by a key of ours")
        return
    name = f"seal {said['number']} of {book_named(said['book']).name}"
    seal = Seal.objects.filter(book=said["book"], number=said["number"]).first()
    if seal is None:
        yield Finding(name, "is missing: the chain is shorter than a head that was kept outside")
    elif seal.head != said["head"]:
        yield Finding(name, "is not the one whose head was kept outside the database")
