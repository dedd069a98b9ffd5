"""Torch's side of a training: the models of this process, and the files that a training leaves in the store.

Imported inside the job that trains, so that neither a web process nor an idle worker loads torch for it.
"""

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from django.conf import settings

from accounting.errors import Invalid
from inference.net.core import Core
from inference.net.encoder import Encoder, load_encoder
from inference.net.partition_files import ADAPTER, INDEX, PASSAGES
from inference.net.summaries import packed
from inference.net.training import TooLittleText, TrainedPartition, train_partition
from inference.net.training import TrainingStopped as NetTrainingStopped
from marketplace.job_lease import Trained
from marketplace.storage import store
from workers.job_report import JobReport, TrainingStopped


def train(*, documents: Sequence[str], adapter_tokens: int, seed: int, report: JobReport) -> Trained:
    """Passages, index and adapter of one source's texts, kept in the object store."""
    torch.set_num_threads(settings.TRAINER_THREADS)
    with TemporaryDirectory(prefix="training-") as scratch:
        try:
            made = train_partition(
                core=core(),
                encoder=_encoder(settings.ENCODER),
                documents=documents,
                directory=Path(scratch),
                adapter_tokens=adapter_tokens,
                seed=seed,
                report=report.write,
                should_stop=report.should_stop,
            )
        except NetTrainingStopped as stopped:
            raise TrainingStopped from stopped
        except TooLittleText as error:
            raise Invalid(str(error), code="too_little_text", next_step="Upload more text.") from error
        return _keep(made)


def core() -> Core:
    """The core that this process trains on, loaded once."""
    return _core(Path(settings.CORE_DIRECTORY))


def _keep(made: TrainedPartition) -> Trained:
    adapter, index, passages = (store().put(made.directory / file) for file in (ADAPTER, INDEX, PASSAGES))
    return Trained(
        adapter_digest=adapter,
        index_digest=index,
        passages_digest=passages,
        digest=str(made.manifest["digest"]),
        manifest=made.manifest,
        metrics=asdict(made.metrics),
        encoder_digest=str(made.manifest["encoder"]["digest"]),
        summary=packed(made.centres),
    )


@lru_cache(maxsize=1)
def _core(directory: Path) -> Core:
    return Core.load(directory)


@lru_cache(maxsize=1)
def _encoder(name: str) -> Encoder:
    return load_encoder(name)
