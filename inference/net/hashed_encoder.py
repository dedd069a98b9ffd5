"""An encoder without weights: words and their parts, hashed into signed places.

For tests and for machines without an encoder model: texts that share words are near, meaning beyond words
is not seen. Deterministic on every machine.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from zlib import crc32

import numpy as np

from inference.net.encoder import Vectors
from inference.net.files import digest_of_json

_WORD = re.compile(r"\w+", re.UNICODE)
_COMMON = frozenset({
    "does", "from", "have", "into", "than", "that", "their", "them", "then", "there", "these", "they", "this",
    "were", "what", "when", "where", "which", "whom", "whose", "will", "with", "would", "your",
})  # fmt: skip
_SHORT = 3  # letters of a word that says nothing
_GRAM = 4


class HashedEncoder:
    """Signed feature hashing of words and character four-grams, with damped counts."""

    NAME = "hashed-ngrams"
    DIMENSIONS = 512

    @property
    def name(self) -> str:
        """What settings call it."""
        return self.NAME

    @property
    def digest(self) -> str:
        """Names the method: there are no weights."""
        return digest_of_json([self.NAME, self.DIMENSIONS, _GRAM, sorted(_COMMON)])

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self.DIMENSIONS

    def embed(self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None) -> Vectors:
        """Unit vectors; a text without any word gets the first axis."""
        vectors = np.zeros((len(texts), self.DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            self._add(vectors[row], text)
            if progress is not None and (row + 1) % 256 == 0:
                progress(row + 1)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors[lengths[:, 0] == 0, 0] = 1.0
        if progress is not None:
            progress(len(texts))
        unit: Vectors = (vectors / np.where(lengths == 0, 1.0, lengths)).astype(np.float32)
        return unit

    def _add(self, vector: Vectors, text: str) -> None:
        for feature, count in Counter(_features(text)).items():
            place = crc32(feature.encode("utf-8", errors="surrogatepass"))
            weight = (2.0 if feature[0] == "=" else 1.0) * np.log1p(count)
            vector[(place >> 1) % self.DIMENSIONS] += weight if place & 1 else -weight


def _features(text: str) -> Iterator[str]:
    for word in _WORD.findall(text.lower()):
        if len(word) < _SHORT or word in _COMMON:
            continue
        yield f"={word}"
        yield from (f"~{word[start : start + _GRAM]}" for start in range(len(word) - _GRAM + 1))
