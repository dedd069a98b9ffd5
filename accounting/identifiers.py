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
    milliseconds = time.time_ns() // 1_000_000
    noise = secrets.randbits(74)
    high = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | _VERSION | (noise >> 62) << 64
    return UUID(int=high | _VARIANT | noise & ((1 << 62) - 1))
