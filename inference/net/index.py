"""Which of a source's passages are nearest to a question? An exact index of unit vectors.

Training builds and saves it, relevance and retrieval search it. Exact inner product (faiss IndexFlatIP):
results do not depend on how a source was trained or on chance. One source per index, never more.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from inference.net.encoder import Vectors


class IndexInvalid(ValueError):
    """The bytes are no exact index, or a vector in it is not finite."""


@dataclass(frozen=True, slots=True)
class Found:
    """One hit: the passage's number and its cosine."""

    number: int
    cosine: float


class PassageIndex:
    """Unit vectors of one source's passages, in passage order."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: Vectors) -> "PassageIndex":
        """Index vectors, (passages, dimensions)."""
        import faiss

        if not np.isfinite(vectors).all():
            raise IndexInvalid("A passage has no finite vector.")
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    @classmethod
    def from_bytes(cls, content: bytes, *, dimensions: int) -> "PassageIndex":
        """Read an index back; anything but an exact index of this encoder is refused."""
        import faiss

        try:
            index = faiss.deserialize_index(np.frombuffer(content, dtype=np.uint8))
        except (RuntimeError, ValueError) as error:
            raise IndexInvalid("The bytes are not a faiss index.") from error
        if not isinstance(index, faiss.IndexFlatIP) or index.d != dimensions:
            raise IndexInvalid("The index does not fit its encoder.")
        made = cls(index)
        if made.passages and not np.isfinite(made.vectors()).all():
            raise IndexInvalid("The index has numbers that are not finite.")
        return made

    @property
    def passages(self) -> int:
        """How many vectors there are."""
        return int(self._index.ntotal)

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self._index.d)

    def to_bytes(self) -> bytes:
        """The index in faiss's own format."""
        import faiss

        return bytes(faiss.serialize_index(self._index).tobytes())

    def vectors(self) -> Vectors:
        """All vectors, (passages, dimensions)."""
        vectors: Vectors = self._index.reconstruct_n(0, self.passages)
        return vectors

    def search(self, question: Vectors, *, count: int) -> list[Found]:
        """The nearest passages of one question (dimensions,), best first; equal cosines by number."""
        if self.passages == 0:
            return []
        cosines, numbers = self._index.search(question.reshape(1, -1), min(count, self.passages))
        found = [Found(int(n), float(c)) for n, c in zip(numbers[0], cosines[0], strict=True)]
        return sorted(found, key=lambda hit: (-hit.cosine, hit.number))

    def mean_best(self, questions: Vectors, *, count: int) -> Vectors:
        """Mean cosine of the best `count` passages per question, (questions,)."""
        if self.passages == 0:
            return np.full(len(questions), -1.0, dtype=np.float32)
        cosines, _ = self._index.search(np.ascontiguousarray(questions), min(count, self.passages))
        means: Vectors = cosines.mean(axis=1)  # (questions,)
        return means
