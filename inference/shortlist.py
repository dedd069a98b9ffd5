"""Which of many allowed sources are worth opening for a question: the first of two steps of routing.

Every source has a few vectors (`inference.net.summaries`), made when it was trained; the nearest of them to
the question ranks it. Only sources that may vote are ranked. As long as they are few all are worth it. One
without vectors is ranked last. Kept in memory once read; threads rank one after another.
"""

import threading
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.net.encoder import Encoder, Vectors
from inference.net.summaries import unpacked
from marketplace.admission import Narrow
from marketplace.compiled.columns import grown
from marketplace.compiled.index import Allowed, Ids
from marketplace.models import PartitionSummary

SHORTLIST = 64  # sources whose passages are looked at for one question
BATCH = 5_000
MOST_KEPT = 250_000  # partitions; beyond it all are read anew, so that withdrawn ones go


class Shortlist:
    """Partitions in the order in which they were read, each with its vectors in a row."""

    def __init__(self, *, size: int = SHORTLIST) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._encoder = ""
        self._count = self._rows = 0  # partitions, vectors
        self._vectors: Vectors = np.zeros((0, 0), dtype=np.float32)
        self._starts: NDArray[Any] = np.zeros(0, dtype=np.int64)  # of each partition's vectors
        self._place: NDArray[Any] = np.zeros(0, dtype=np.int32)  # by partition id; 0: no vectors
        self._known: NDArray[Any] = np.zeros(0, dtype=np.bool_)  # by partition id: looked for

    def narrow(self, question: Vectors, encoder: Encoder) -> Narrow:
        """What admission asks which of the allowed sources to load, for an embedded question."""
        return lambda allowed: self._nearest(allowed, question, encoder)

    def _nearest(self, allowed: Allowed, question: Vectors, encoder: Encoder) -> Ids:
        if len(allowed.source_ids) <= self._size:
            return allowed.source_ids
        scores = self._scores(allowed.partition_ids, question, encoder)
        best = np.argpartition(-scores, self._size)[: self._size]
        nearest: Ids = allowed.source_ids[np.sort(best)]
        return nearest

    def _scores(self, partition_ids: Ids, question: Vectors, encoder: Encoder) -> NDArray[np.float32]:
        """The best cosine of each partition."""
        with self._lock:
            return self._ranked(partition_ids, question, encoder)

    def _ranked(self, partition_ids: Ids, question: Vectors, encoder: Encoder) -> NDArray[np.float32]:
        self._read(partition_ids, encoder)
        places = self._place[partition_ids]
        every = np.full(self._count + 1, -2, dtype=np.float32)  # place 0: no vectors
        if self._count:
            cosines = self._vectors[: self._rows] @ question.astype(np.float32)
            every[1:] = np.maximum.reduceat(cosines, self._starts[: self._count])
        scores: NDArray[np.float32] = every[places]
        return scores

    def _read(self, partition_ids: Ids, encoder: Encoder) -> None:
        """What is not here yet, in batches."""
        if self._count > MOST_KEPT or self._encoder != encoder.digest:
            self._count = self._rows = 0
            self._place[:], self._known[:] = 0, False
            self._vectors = np.zeros((0, encoder.dimensions), dtype=np.float32)
            self._encoder = encoder.digest
        self._place = grown(self._place, int(partition_ids.max()) + 1)
        self._known = grown(self._known, len(self._place))
        absent = partition_ids[~self._known[partition_ids]]
        for at in range(0, len(absent), BATCH):
            self._read_batch(absent[at : at + BATCH].tolist(), encoder)
        self._known[absent] = True

    def _read_batch(self, ids: Collection[int], encoder: Encoder) -> None:
        rows = PartitionSummary.objects.filter(partition__in=ids, encoder_digest=encoder.digest)
        for partition_id, content in rows.order_by().values_list("partition_id", "vectors"):
            vectors = unpacked(content, encoder.dimensions)
            if len(vectors):
                self._add(partition_id, vectors)

    def _add(self, partition_id: int, vectors: Vectors) -> None:
        after = self._rows + len(vectors)
        if after > len(self._vectors):
            wider = np.zeros((max(after, 2 * len(self._vectors)), vectors.shape[1]), dtype=np.float32)
            wider[: self._rows] = self._vectors[: self._rows]
            self._vectors = wider
        self._vectors[self._rows : after] = vectors
        self._starts = grown(self._starts, self._count + 1)
        self._starts[self._count] = self._rows
        self._rows, self._count = after, self._count + 1
        self._place[partition_id] = self._count
