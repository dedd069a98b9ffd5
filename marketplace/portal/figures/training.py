"""A partition and the job that makes it, as their owner reads them."""

from collections.abc import Iterable
from dataclasses import dataclass

from marketplace.models import Job, JobState, Partition, PartitionState, Source
from marketplace.models.training import LIVE_JOBS

# What a worker calls its stages, and what an owner reads; an unknown one is shown as it is.
STAGES = {
    "reading": ("Reading the documents", ""),
    "passages": ("Cutting the documents into passages", " documents"),
    "index": ("Indexing the passages", " passages"),
    "adapter": ("Training the adapter", " tokens"),
    "quality": ("Comparing with the core on held-out text", " measurements"),
    "save": ("Saving the partition", ""),
}


@dataclass(frozen=True, slots=True)
class PartitionFigures:
    """What a partition is made of, and whether it foresees its own text better than the core does."""

    state: str
    votes: bool
    held_out_core: float | None
    held_out_adapter: float | None
    passages: int | None
    adapter_tokens: int
    core_slug: str
    version_number: int
    digest: str

    @property
    def scale(self) -> float:
        """The longer of the two bars."""
        return max(self.held_out_core or 0, self.held_out_adapter or 0) * 1.0001

    @property
    def gain_percent(self) -> str:
        if not self.held_out_core or self.held_out_adapter is None:
            return ""
        gain = 100 * (1 - self.held_out_adapter / self.held_out_core)
        return f"{gain:.1f}" if gain > 0 else ""

    @property
    def core_in_words(self) -> str:
        return f"Shared core: {self.held_out_core:.3f} bits per byte"

    @property
    def adapter_in_words(self) -> str:
        return f"With your adapter: {self.held_out_adapter:.3f} bits per byte"


@dataclass(frozen=True, slots=True)
class JobFigures:
    """How far a training is; `sentence` is what the page says under the bar."""

    id: int
    state: str
    live: bool
    done: int
    total: int
    message: str

    stage: str

    @property
    def sentence(self) -> str:
        if self.state == JobState.QUEUED:
            return "Waiting for a training worker."
        if self.state != JobState.RUNNING:
            return self.message or f"Training is {self.state}."
        words, unit = STAGES.get(self.stage, (self.stage.capitalize() or "Starting", ""))
        if self.total <= 1:
            return f"{words}."
        share = 100 * self.done // self.total
        return f"{words}: {self.done:,} of {self.total:,}{unit} ({share}%)."


def partitions_of(sources: Iterable[Source]) -> dict[int, Partition]:
    """The partition that counts of each source, by the source's id: the active one, else the newest."""
    chosen: dict[int, Partition] = {}
    rows = Partition.objects.filter(source__in=list(sources)).select_related("version").order_by("-id")
    for partition in rows:
        held = chosen.get(partition.source_id)
        if held is None or (partition.state == PartitionState.ACTIVE and held.state != PartitionState.ACTIVE):
            chosen[partition.source_id] = partition
    return chosen


def figures_of(partition: Partition) -> PartitionFigures:
    metrics = partition.metrics
    return PartitionFigures(
        state=partition.state,
        votes=bool(metrics.get("votes")),
        held_out_core=metrics.get("held_out_bits_core"),
        held_out_adapter=metrics.get("held_out_bits_adapter"),
        passages=metrics.get("passages"),
        adapter_tokens=partition.adapter_tokens,
        core_slug=partition.core_slug,
        version_number=partition.version.number,
        digest=partition.digest,
    )


def latest_job(source: Source) -> JobFigures | None:
    job = Job.objects.filter(source=source).order_by("-id").first()
    return None if job is None else job_figures(job)


def job_figures(job: Job) -> JobFigures:
    return JobFigures(
        id=job.pk,
        state=job.state,
        live=job.state in LIVE_JOBS,
        done=job.progress_done,
        total=job.progress_total,
        message=job.message,
        stage=job.stage,
    )
