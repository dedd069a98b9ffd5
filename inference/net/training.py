"""How does one source's text become its partition?

The training step of the owner's way, from texts to files: passages, index, adapter, threshold, and the
gate that decides whether the partition may vote. Reads this source's documents only and writes to the
given directory only; equal texts, settings and seed give equal files. Knows no jobs and no database:
progress goes to a callback.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from inference.net import constants
from inference.net.adapter_training import TrainingStopped, Watch, bits_per_byte, train_adapter
from inference.net.core import Core
from inference.net.encoder import Encoder, Vectors
from inference.net.index import PassageIndex
from inference.net.lora import Adapter
from inference.net.partition_files import Metrics, save_partition
from inference.net.passages import Passage, split_documents
from inference.net.relevance import threshold
from inference.net.sampling import Sample, TooLittleText, choose
from inference.net.summaries import centres

STAGES = ("passages", "index", "adapter", "quality", "save")

__all__ = ["STAGES", "TooLittleText", "TrainedPartition", "TrainingStopped", "train_partition"]


@dataclass(frozen=True, slots=True)
class TrainedPartition:
    """A partition that was just written: its directory, its manifest, what was measured."""

    directory: Path
    manifest: dict[str, Any]
    metrics: Metrics
    centres: Vectors  # of its passages, for the router

    def digest_of(self, file: str) -> str:
        """SHA-256 of one of its files, by name."""
        return str(self.manifest["files"][file]["sha256"])


def train_partition(
    *,
    core: Core,
    encoder: Encoder,
    documents: Sequence[str],
    directory: Path,
    adapter_tokens: int = constants.ADAPTER_TOKENS,
    seed: int = 0,
    report: Callable[[str, int, int], None] = lambda _stage, _done, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> TrainedPartition:
    """Train and write a partition; `TrainingStopped` or `TooLittleText` leave nothing that has a manifest."""
    watch = Watch(report, should_stop)
    watch.at("passages", 0, len(documents))
    passages = split_documents(documents)
    if not passages:
        raise TooLittleText("The source has no text.")
    watch.at("passages", len(documents), len(documents))
    index = PassageIndex.build(_embedded(encoder, passages, watch))
    sample = choose(
        core=core,
        documents=documents,
        training_tokens=adapter_tokens,
        held_out_tokens=constants.HELD_OUT_TOKENS,
        window=constants.TRAINING_WINDOW,
        seed=seed,
    )
    adapter = train_adapter(core=core, texts=sample.training, seed=seed, watch=watch)
    metrics = _judged(core, adapter, sample, len(passages), watch)
    settings = {"seed": seed, "adapter_tokens": adapter_tokens, "adapter_parameters": adapter.parameters}
    about = _about(core, encoder, index, metrics) | settings
    watch.at("save", 0, 1)
    manifest = save_partition(directory, adapter=adapter, index=index, passages=passages, about=about)
    report("save", 1, 1)
    return TrainedPartition(directory, manifest, metrics, centres(index.vectors()))


def _embedded(encoder: Encoder, passages: Sequence[Passage], watch: Watch) -> Vectors:
    total = len(passages)
    watch.at("index", 0, total)
    return encoder.embed(
        [passage.text for passage in passages], progress=lambda done: watch.at("index", done, total)
    )


def _judged(core: Core, adapter: Adapter, sample: Sample, passages: int, watch: Watch) -> Metrics:
    """The gate: does the adapter tell held-out text in fewer bits than the core?"""
    watch.at("quality", 0, 2)
    alone = bits_per_byte(core=core, adapter=None, texts=sample.held_out)
    watch.at("quality", 1, 2)
    adapted = bits_per_byte(core=core, adapter=adapter, texts=sample.held_out)
    watch.at("quality", 2, 2)
    tokens = sum(len(core.encode(text)) for text in sample.training)
    finite = all(bool(torch.isfinite(tensor).all()) for tensor in adapter.tensors().values())
    return Metrics(alone, adapted, passages, tokens, votes=finite and adapted < alone)


def _about(
    core: Core,
    encoder: Encoder,
    index: PassageIndex,
    metrics: Metrics,
) -> dict[str, Any]:
    """What the manifest says beside sizes and digests."""
    return {
        "core": {"slug": core.slug, "digest": core.digest},
        "encoder": {"name": encoder.name, "digest": encoder.digest, "dimensions": encoder.dimensions},
        "constants": constants.constants_digest(),
        "theta": threshold(index=index, encoder=encoder),
        "metrics": asdict(metrics),
    }
