"""What is a partition on disk, and is it whole?

Training writes it, composing reads it: adapter (safetensors), index (faiss), passages (JSON lines) and a
manifest that names sizes, digests, core, encoder, constants, threshold and metrics. Each of the three is read
by itself, once, and checked in memory against the digest that names it before any number is used: what was
checked is what is used, whatever happens to the file. A file that is cut, changed or of another core is
`PartitionCorrupt`. Nothing is unpickled.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from inference.net.core import Core
from inference.net.encoder import Encoder, Vectors
from inference.net.files import describe, digest_of_files, write_atomically
from inference.net.index import Found, IndexInvalid, PassageIndex
from inference.net.lora import Adapter, AdapterInvalid, adapter_from_tensors
from inference.net.passages import Passage
from inference.net.relevance import relevance

ADAPTER, INDEX, PASSAGES, MANIFEST = "adapter.safetensors", "index.faiss", "passages.jsonl", "manifest.json"
FORMAT = 1
BYTES_A_PASSAGE = 256  # of memory beside its words


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


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Knowledge:
    """What a source knows about a question, judged by its index; its words and its adapter are elsewhere."""

    index: PassageIndex
    theta: float

    def relevance(self, question: Vectors) -> float:
        """r for an embedded question (dimensions,)."""
        return relevance(index=self.index, question=question, theta=self.theta)

    def best(self, question: Vectors, *, count: int) -> list[Found]:
        """The nearest passages by number, with their cosines, best first."""
        return self.index.search(question, count=count)

    @property
    def nbytes(self) -> int:
        return 4 * self.index.passages * self.index.dimensions


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Passages:
    """A source's passages in the order of its index."""

    all: tuple[Passage, ...]
    nbytes: int

    def __getitem__(self, number: int) -> Passage:
        return self.all[number]

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator[Passage]:
        return iter(self.all)


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


def load_knowledge(
    path: Path, *, digest: str, manifest: Mapping[str, Any], core: Core, encoder: Encoder
) -> Knowledge:
    """The index and the threshold, of a partition that fits this core and this encoder."""
    try:
        _check_fit(core, encoder, manifest)
        theta = float(manifest["theta"])
    except (KeyError, TypeError) as error:
        raise PartitionCorrupt(MANIFEST, f"lacks {error}") from error
    try:
        index = PassageIndex.from_bytes(_content(INDEX, path, digest), dimensions=encoder.dimensions)
    except IndexInvalid as error:
        raise PartitionCorrupt(INDEX, str(error)) from error
    return Knowledge(index, theta)


def load_passages(path: Path, *, digest: str, count: int) -> Passages:
    """The words behind an index of `count` passages."""
    content = _content(PASSAGES, path, digest)
    try:
        passages = tuple(Passage(**json.loads(line)) for line in content.decode().splitlines())
    except (ValueError, TypeError) as error:
        raise PartitionCorrupt(PASSAGES, "has a line that is no passage") from error
    if len(passages) != count:
        raise PartitionCorrupt(PASSAGES, f"has {len(passages)} passages, its index {count}")
    return Passages(passages, len(content) + BYTES_A_PASSAGE * count)


def load_adapter(path: Path, *, digest: str, core: Core, core_digest: str) -> Adapter:
    """The adapter of a partition that was trained on the core of that digest."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = load(_content(ADAPTER, path, digest))
        return adapter_from_tensors(core=core, core_digest=core_digest, tensors=tensors)
    except (SafetensorError, AdapterInvalid) as error:
        raise PartitionCorrupt(ADAPTER, str(error)) from error


def _check_fit(core: Core, encoder: Encoder, manifest: Mapping[str, Any]) -> None:
    if manifest["format"] != FORMAT:
        raise PartitionCorrupt(MANIFEST, "is of another format")
    if manifest["core"]["digest"] != core.digest:
        raise PartitionCorrupt(MANIFEST, "names another core")
    if manifest["encoder"]["digest"] != encoder.digest:
        raise PartitionCorrupt(MANIFEST, "names another encoder")


def _content(name: str, path: Path, digest: str) -> bytes:
    """The file's bytes, read once and checked as they were read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PartitionCorrupt(name, "is missing or cannot be read") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise PartitionCorrupt(name, "has another content than when it was written")
    return content
