"""Partitions of the demo's sources: asks for training and shows the jobs' own progress until they end."""

import time
from collections.abc import Sequence

from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from marketplace import training_jobs
from marketplace.models import LIVE_JOBS, Job, JobState, Partition, PartitionState, Source, User

LOOK_EVERY_SECONDS = 0.5


class TrainingFailedError(RuntimeError):
    """A job ended otherwise than done; the text says how."""


def train(
    *, sources: Sequence[tuple[Source, User]], adapter_tokens: int | None, console: Console
) -> list[Partition]:
    """The active partition of every source, in order; sources trained before are found again at once."""
    jobs = [
        training_jobs.start_training(
            source=source, acting_user=user, now=timezone.now(), adapter_tokens=adapter_tokens
        )
        for source, user in sources
    ]
    _watch([job.pk for job in jobs], console)
    return [Partition.objects.get(source=source, state=PartitionState.ACTIVE) for source, _ in sources]


def _watch(job_ids: Sequence[int], console: Console) -> None:
    columns = (
        TextColumn("  {task.description:<22}"),
        TextColumn("{task.fields[stage]:<10}"),
        BarColumn(bar_width=36),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        bars: dict[int, TaskID] = {}
        while True:
            jobs = list(Job.objects.filter(pk__in=job_ids).select_related("source").order_by("pk"))
            for job in jobs:
                _show(job, bars, progress)
            if not any(job.state in LIVE_JOBS for job in jobs):
                break
            time.sleep(LOOK_EVERY_SECONDS)
    for job in jobs:
        if job.state != JobState.DONE:
            raise TrainingFailedError(f"Training {job.source.slug} ended {job.state}: {job.message}")


def _show(job: Job, bars: dict[int, TaskID], progress: Progress) -> None:
    if job.pk not in bars:
        bars[job.pk] = progress.add_task(job.source.slug, stage=job.state, start=False)
    bar = bars[job.pk]
    if job.state != JobState.QUEUED:
        progress.start_task(bar)
    total = job.progress_total or None
    stage = job.stage or job.state if job.state in LIVE_JOBS else job.state
    progress.update(bar, completed=job.progress_done, total=total, stage=stage)
    if job.state not in LIVE_JOBS:
        progress.stop_task(bar)
