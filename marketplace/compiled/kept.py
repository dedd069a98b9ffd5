"""The one index of this process, brought up to date before each query that it answers.

Built when it is first needed; afterwards a query reads what changed since the last one, one statement, and
the rows of those sources. Inside a transaction an index of its own is built and dropped: what was not
committed must not be seen by others. Memory is bounded by the number of sources.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from marketplace import in_force
from marketplace.compiled.index import PolicyIndex
from marketplace.compiled.rows import every_row, rows_of


class Kept:
    """One at a time: an index answers in a few milliseconds."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._index: PolicyIndex | None = None
        self._mark = 0

    @contextmanager
    def index(self) -> Iterator[PolicyIndex]:
        """With everything in force that was committed before this was called."""
        if connection.in_atomic_block:
            yield _built()
            return
        with self._lock:
            yield self._up_to_date()

    def forget(self) -> None:
        """Build it anew when it is next needed."""
        with self._lock:
            self._index = None

    def _up_to_date(self) -> PolicyIndex:
        if self._index is not None:
            changes = in_force.changes_since(self._mark)
            if changes.source_ids is not None:
                for row in rows_of(changes.source_ids):
                    self._index.put(row)
                self._mark = changes.mark
                return self._index
        self._mark, self._index = in_force.mark(), _built()
        return self._index


def _built() -> PolicyIndex:
    index = PolicyIndex()
    for row in every_row():
        index.put(row)
    return index


KEPT = Kept()
