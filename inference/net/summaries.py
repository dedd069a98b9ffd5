"""Where does a source lie in the encoder's space, in a few vectors instead of all of its passages?

Training makes them, the router ranks allowed sources by them before any index is opened. Centres of the
passages' unit vectors, unit vectors themselves: one for a small source, up to four for one that speaks of
several things. Equal passages give equal centres. They shortlist; relevance is judged by the passages.
"""

import numpy as np

from inference.net.encoder import Vectors

MOST_CENTRES = 4
PASSAGES_A_CENTRE = 8
ROUNDS = 8


def centres(vectors: Vectors) -> Vectors:
    """Of passages (passages, dimensions): (centres, dimensions), float32, none for no passages."""
    count = min(MOST_CENTRES, -(-len(vectors) // PASSAGES_A_CENTRE))
    if count <= 1:
        return _unit(vectors.mean(axis=0, keepdims=True)) if len(vectors) else vectors[:0]
    found = vectors[_far_apart(vectors, count)]
    for _ in range(ROUNDS):
        nearest = (vectors @ found.T).argmax(axis=1)
        found = _unit(
            np.stack(
                [
                    vectors[nearest == number].mean(axis=0) if (nearest == number).any() else centre
                    for number, centre in enumerate(found)
                ]
            )
        )
    return found


def packed(vectors: Vectors) -> bytes:
    """As the database keeps them: half the bytes, and precise enough to rank."""
    return vectors.astype(np.float16).tobytes()


def unpacked(content: bytes | memoryview, dimensions: int) -> Vectors:
    """Nothing where the bytes are not whole vectors of this encoder."""
    values = np.frombuffer(bytes(content), dtype=np.float16)
    if len(values) % dimensions or not np.isfinite(values).all():
        return np.zeros((0, dimensions), dtype=np.float32)
    return values.reshape(-1, dimensions).astype(np.float32)


def _far_apart(vectors: Vectors, count: int) -> list[int]:
    """The passage nearest to the middle, then each time the one farthest from those chosen."""
    chosen = [int((vectors @ vectors.mean(axis=0)).argmax())]
    while len(chosen) < count:
        chosen.append(int((vectors @ vectors[chosen].T).max(axis=1).argmin()))
    return chosen


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return unit
