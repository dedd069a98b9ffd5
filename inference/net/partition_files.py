"""What is a partition on disk, and is it whole?

Training writes it, composing reads it: adapter (safetensors), index (faiss), passages (JSON lines) and a
manifest that names sizes, digests, core, encoder, constants, threshold and metrics. Reading checks all of
it before any number is used; a file that is cut, changed or of another core is `PartitionCorrupt`.
Nothing is unpickled.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from inference.net.core import Core
from inference.net.encoder import Encoder, Vectors
from inference.net.files import describe, digest_of_file, digest_of_files, write_atomically
from inference.net.index import IndexInvalid, PassageIndex
from inference.net.lora import Adapter, AdapterInvalid, adapter_from_tensors
from inference.net.passages import Passage
from inference.net.relevance import relevance

ADAPTER, INDEX, PASSAGES, MANIFEST = "adapter.safetensors", "index.faiss", "passages.jsonl", "manifest.json"
FORMAT = 1


class PartitionCorrupt(ValueError):
    """A partition's file is not what its manifest says, or does not fit this core or encoder."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file = file
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Metrics:
    """What training found out about a partition; it votes only if its adapter beats the core."""

    held_out_bits_core: float
    held_out_bits_adapter: float
    passages: int
    tokens: int  # that the adapter learned from
    votes: bool


@dataclass(frozen=True, slots=True)
class Partition:
    """A source's part of the model, ready to vote."""

    adapter: Adapter
    index: PassageIndex
    passages: tuple[Passage, ...]
    theta: float
    manifest: Mapping[str, Any]

    def relevance(self, question: Vectors) -> float:
        """r for an embedded question (dimensions,)."""
        return relevance(index=self.index, question=question, theta=self.theta)

    def best(self, question: Vectors, *, count: int) -> list[tuple[Passage, float]]:
        """The nearest passages with their cosines, best first."""
        return [(self.passages[hit.number], hit.cosine) for hit in self.index.search(question, count=count)]


@dataclass(frozen=True, slots=True)
class PartitionPaths:
    """Where the three files lie; a content-addressed store has no names, so each is given."""

    adapter: Path
    index: Path
    passages: Path

    @classmethod
    def within(cls, directory: Path) -> "PartitionPaths":
        """The files as `save_partition` named them."""
        return cls(directory / ADAPTER, directory / INDEX, directory / PASSAGES)


def save_partition(
    directory: Path,
    *,
    adapter: Adapter,
    index: PassageIndex,
    passages: Sequence[Passage],
    about: Mapping[str, Any],
) -> dict[str, Any]:
    """Write the three files, then the manifest, which it returns: a manifest means whole files."""
    from safetensors.torch import save

    tensors = {name: tensor.contiguous() for name, tensor in adapter.tensors().items()}
    write_atomically(directory / ADAPTER, save(tensors, {"core": adapter.core_digest}))
    write_atomically(directory / INDEX, index.to_bytes())
    lines = (json.dumps(asdict(passage), sort_keys=True) + "\n" for passage in passages)
    write_atomically(directory / PASSAGES, "".join(lines).encode())
    files = describe(directory, (ADAPTER, INDEX, PASSAGES))
    manifest = {**about, "format": FORMAT, "files": files, "digest": digest_of_files(files)}
    write_atomically(directory / MANIFEST, (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode())
    return manifest


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest that lies beside the files."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PartitionCorrupt(MANIFEST, "cannot be read") from error
    if not isinstance(manifest, dict):
        raise PartitionCorrupt(MANIFEST, "is not a manifest")
    return manifest


def load_partition(
    *, core: Core, encoder: Encoder, paths: PartitionPaths, manifest: Mapping[str, Any]
) -> Partition:
    """Read a partition; every file is checked against the manifest before it is parsed."""
    try:
        _check_fit(core, encoder, manifest)
        for name, path in ((ADAPTER, paths.adapter), (INDEX, paths.index), (PASSAGES, paths.passages)):
            _check_file(name, path, manifest["files"][name])
        passages = _read_passages(paths.passages)
        theta = float(manifest["theta"])
    except (KeyError, TypeError) as error:
        raise PartitionCorrupt(MANIFEST, f"lacks {error}") from error
    adapter = _read_adapter(core, paths.adapter, manifest)
    index = _read_index(paths.index, passages=len(passages), dimensions=encoder.dimensions)
    return Partition(adapter, index, passages, theta, manifest)


def _check_fit(core: Core, encoder: Encoder, manifest: Mapping[str, Any]) -> None:
    if manifest["format"] != FORMAT:
        raise PartitionCorrupt(MANIFEST, "is of another format")
    if manifest["core"]["digest"] != core.digest:
        raise PartitionCorrupt(MANIFEST, "names another core")
    if manifest["encoder"]["digest"] != encoder.digest:
        raise PartitionCorrupt(MANIFEST, "names another encoder")


def _check_file(name: str, path: Path, expected: Mapping[str, Any]) -> None:
    if not path.is_file():
        raise PartitionCorrupt(name, "is missing")
    size = path.stat().st_size
    if size != expected["bytes"]:
        raise PartitionCorrupt(name, f"has {size} bytes instead of {expected['bytes']}")
    if digest_of_file(path) != expected["sha256"]:
        raise PartitionCorrupt(name, "has another content than when it was written")


def _read_passages(path: Path) -> tuple[Passage, ...]:
    try:
        return tuple(Passage(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())
    except (ValueError, TypeError) as error:
        raise PartitionCorrupt(PASSAGES, "has a line that is no passage") from error


def _read_adapter(core: Core, path: Path, manifest: Mapping[str, Any]) -> Adapter:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = load(path.read_bytes())
        return adapter_from_tensors(core=core, core_digest=manifest["core"]["digest"], tensors=tensors)
    except (SafetensorError, AdapterInvalid) as error:
        raise PartitionCorrupt(ADAPTER, str(error)) from error


def _read_index(path: Path, *, passages: int, dimensions: int) -> PassageIndex:
    try:
        return PassageIndex.from_bytes(path.read_bytes(), passages=passages, dimensions=dimensions)
    except IndexInvalid as error:
        raise PartitionCorrupt(INDEX, str(error)) from error
