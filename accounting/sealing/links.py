"""The arithmetic of a chain: each row's link is a digest of the link before it and of the row. Pure."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from accounting.operations import canonical_json

ID_BYTES, LINK_BYTES = 16, 32
Key = int | UUID


@dataclass(frozen=True, slots=True)
class Member:
    """One sealed row: its id as stored, and the chain's value after it."""

    raw_id: bytes
    link: bytes


def beginning(book: str) -> bytes:
    """What the first link of a book builds on."""
    return hashlib.sha256(f"the beginning of {book}".encode()).digest()


def raw_id(key: Key) -> bytes:
    return key.bytes if isinstance(key, UUID) else key.to_bytes(ID_BYTES, "big")


def next_link(before: bytes, values: Iterable[object]) -> bytes:
    return hashlib.sha256(before + canonical_json([plain(value) for value in values])).digest()


def packed(members: Iterable[Member]) -> bytes:
    return b"".join(member.raw_id + member.link for member in members)


def unpacked(content: bytes) -> Iterator[Member]:
    size = ID_BYTES + LINK_BYTES
    for start in range(0, len(content), size):
        yield Member(content[start : start + ID_BYTES], content[start + ID_BYTES : start + size])


def plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value
