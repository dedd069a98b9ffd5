"""Makes ids that sort by the time they were made (UUID version 7, RFC 9562).

Rows that are written all the time get these, so that a new id lands at the end of its index however long the
books are. An id says when it was made and nothing else; it is never a secret.
"""

import secrets
import time
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62


def ordered_id() -> UUID:
    """48 bits of milliseconds, then 74 random bits."""
    return ordered_ids(1)[0]


def ordered_ids(count: int) -> list[UUID]:
    """As many of one moment, in ascending order: the random bits are counted up from one drawing."""
    high = (time.time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF) << 80 | _VERSION | secrets.randbits(12) << 64
    first = secrets.randbits(62)
    return [UUID(int=high | _VARIANT | (first + step) & ((1 << 62) - 1)) for step in range(count)]
