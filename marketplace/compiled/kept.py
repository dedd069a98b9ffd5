"""The one index of this process, brought up to date before each query that it answers.

Built when it is first needed; afterwards a query reads what changed since the last one, one statement, and
the rows of those sources. Beside it the sources that were judged last are kept as objects, until they change.
Inside a transaction an index of its own is built and dropped: what was not committed must not be seen by
others. Memory is bounded, by the number of sources and by `KEPT_MATERIALS`.
"""

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import connection

from marketplace import in_force
from marketplace.compiled.index import PolicyIndex
from marketplace.compiled.rows import every_row, rows_of
from marketplace.material import Material, load

KEPT_MATERIALS = 32_768  # about 8 kB each, with its policy
BATCH = 500


class Kept:
    """One at a time: an index answers in a few milliseconds."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._index: PolicyIndex | None = None
        self._materials: OrderedDict[int, Material] = OrderedDict()
        self._mark = 0

    @contextmanager
    def index(self) -> Iterator[PolicyIndex]:
        """With everything in force that was committed before this was called."""
        if connection.in_atomic_block:
            yield _built()
            return
        with self._lock:
            yield self._up_to_date()

    def materials(self, source_ids: Collection[int]) -> list[Material]:
        """As they were when the index was last brought up to date, or later; those that are gone are absent.

        Read and kept under the lock: whatever is committed afterwards is found by the next look at changes.
        """
        if connection.in_atomic_block:
            return list(load(source_ids).values())
        with self._lock:
            absent = [one for one in source_ids if one not in self._materials]
            self._materials.update(load(absent) if absent else {})
            found = []
            for source_id in source_ids:
                if source_id in self._materials:
                    self._materials.move_to_end(source_id)
                    found.append(self._materials[source_id])
            while len(self._materials) > KEPT_MATERIALS:
                self._materials.popitem(last=False)
            return found

    def warm_up(self) -> None:
        """Build what a process that answers will need, policies parsed: as many sources as are kept."""
        with self.index() as index:
            likely = index.likely()[:KEPT_MATERIALS].tolist()
            for at in range(0, len(likely), BATCH):
                self.materials(likely[at : at + BATCH])

    def forget(self) -> None:
        """Build it anew when it is next needed."""
        with self._lock:
            self._index = None
            self._materials.clear()

    def _up_to_date(self) -> PolicyIndex:
        if self._index is not None:
            changes = in_force.changes_since(self._mark)
            if changes.source_ids is not None:
                for source_id in changes.source_ids:
                    self._materials.pop(source_id, None)
                for row in rows_of(changes.source_ids):
                    self._index.put(row)
                self._mark = changes.mark
                return self._index
        self._materials.clear()
        self._mark, self._index = in_force.mark(), _built()
        return self._index


def _built() -> PolicyIndex:
    index = PolicyIndex()
    for row in every_row():
        index.put(row)
    return index


KEPT = Kept()
