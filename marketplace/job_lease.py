"""How a worker holds a job: claim, report, finish or fail, all by conditional updates.

A lease that ran out means a worker that died; the job is taken up again, three times at most. `attempt` is
the fencing number: who lost the lease writes nothing any more. Must not train anything itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounting import audit
from marketplace.models import Job, JobState, Partition, PartitionState, PartitionSummary
from marketplace.work import enqueue

TRAIN_TASK = "workers.tasks.train"
LEASE = timedelta(minutes=2)
LOOKED_AT_AGAIN_AFTER = timedelta(minutes=10)  # a waiting job's message may have been lost
MOST_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Lease:
    """A claimed job. `job` comes with its source, version and partition."""

    job: Job
    attempt: int


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training left in the object store, by digest."""

    adapter_digest: str
    index_digest: str
    passages_digest: str
    digest: str
    manifest: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    encoder_digest: str = ""
    summary: bytes = b""  # where it lies in that encoder's space


def claim(*, job_id: int, now: datetime, lease: timedelta = LEASE) -> Lease | None:
    """The job for this worker, or None: ended, cancelled, or in the hands of a worker that is alive."""
    free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=now)
    with transaction.atomic():
        taken = Job.objects.filter(free, pk=job_id, attempts__lt=MOST_ATTEMPTS).update(
            state=JobState.RUNNING, attempts=F("attempts") + 1, lease_until=now + lease, started_at=now
        )
        if not taken:
            return None
        job = Job.objects.select_related("source__organisation", "version", "partition").get(pk=job_id)
        Partition.objects.filter(pk=job.partition_id).update(state=PartitionState.TRAINING, error="")
    return Lease(job=job, attempt=job.attempts)


def progress(
    *, lease: Lease, stage: str, done: int, total: int, now: datetime, extend: timedelta = LEASE
) -> bool:
    """Write how far it is and keep the lease; False means stop: cancelled, or taken over by another."""
    return bool(
        _held(lease).update(
            stage=stage, progress_done=done, progress_total=total, lease_until=now + extend
        )
    )  # fmt: skip


def finish(*, lease: Lease, trained: Trained, now: datetime) -> bool:
    """The partition votes from the next answer on, in place of the source's older one."""
    with transaction.atomic(durable=True):
        if not _held(lease).update(
            state=JobState.DONE, message="", lease_until=None, finished_at=now,
            progress_done=F("progress_total"),
        ):  # fmt: skip
            return False
        job = lease.job
        newer = Partition.objects.filter(
            source=job.source, state=PartitionState.ACTIVE, version__number__gt=job.version.number
        )
        overtaken = newer.exists()
        voted = Partition.objects.filter(source=job.source, state=PartitionState.ACTIVE).first()
        if not overtaken:
            Partition.objects.filter(source=job.source, state=PartitionState.ACTIVE).update(
                state=PartitionState.WITHDRAWN
            )
        Partition.objects.filter(pk=job.partition_id).update(
            state=PartitionState.WITHDRAWN if overtaken else PartitionState.ACTIVE,
            activated_at=None if overtaken else now,
            adapter_digest=trained.adapter_digest, index_digest=trained.index_digest,
            passages_digest=trained.passages_digest, digest=trained.digest,
            manifest=dict(trained.manifest), metrics=dict(trained.metrics), error="",
        )  # fmt: skip
        if trained.summary:
            PartitionSummary.objects.create(
                partition_id=job.partition_id, encoder_digest=trained.encoder_digest, vectors=trained.summary
            )
        _note(
            job, "training.done", now,
            before={"votes": voted and voted.digest},
            after={"trained": trained.digest, "votes_now": not overtaken},
        )  # fmt: skip
    return True


def fail(*, lease: Lease, error: str, now: datetime) -> bool:
    """The training itself went wrong (not the worker): it would go wrong again, so it is not repeated."""
    with transaction.atomic(durable=True):
        return bool(_end_failed(_held(lease), lease.job, error, now))


def give_back(*, lease: Lease, now: datetime) -> bool:
    """The worker stops on purpose: the job waits again, at once, and the attempt does not count."""
    with transaction.atomic(durable=True):
        given = _held(lease).update(
            state=JobState.QUEUED, attempts=F("attempts") - 1, lease_until=now, stage="", progress_done=0
        )
        if given:
            Partition.objects.filter(pk=lease.job.partition_id).update(state=PartitionState.QUEUED)
    return bool(given)


def resume_waiting(*, now: datetime, at_start: bool = False) -> int:
    """Start every job again whose worker died or whose message was lost; how many that were.

    `at_start` is for the one process of the embedded default: whatever ran before it is dead.
    """
    overdue = Q() if at_start else Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    started = 0
    waiting = Job.objects.filter(overdue, state__in=[JobState.QUEUED, JobState.RUNNING])
    for job in waiting.select_related("source__organisation"):
        with transaction.atomic():
            same = Job.objects.filter(
                pk=job.pk, state=job.state, attempts=job.attempts, lease_until=job.lease_until
            )
            if job.attempts >= MOST_ATTEMPTS:
                _end_failed(same, job, "The worker died three times while training.", now)
            elif same.update(state=JobState.QUEUED, lease_until=now + LOOKED_AT_AGAIN_AFTER):
                enqueue(TRAIN_TASK, queue="train", job_id=job.pk)
                started += 1
    return started


def _held(lease: Lease) -> QuerySet[Job]:
    return Job.objects.filter(pk=lease.job.pk, state=JobState.RUNNING, attempts=lease.attempt)


def _end_failed(jobs: QuerySet[Job], job: Job, error: str, now: datetime) -> int:
    ended = jobs.update(state=JobState.FAILED, message=error, lease_until=None, finished_at=now)
    if ended:
        Partition.objects.filter(pk=job.partition_id).update(state=PartitionState.FAILED, error=error)
        _note(
            job,
            "training.failed",
            now,
            before={"state": job.state},
            after={"state": "failed", "error": error},
        )
    return ended


def _note(job: Job, action: str, now: datetime, *, before: dict[str, Any], after: dict[str, Any]) -> None:
    """The workers act in nobody's name: who asked for the training stands in its first event."""
    audit.record(
        acting_user="trainer", action=action, subject=f"source:{job.source.slug}",
        before=before, after={"job": job.pk, **after},
        organisation_slug=job.source.organisation.slug, now=now,
    )  # fmt: skip
