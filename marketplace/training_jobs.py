"""Asking for training, and calling it off: step 3 (train) of the way, as its owner sees it.

What a partition is made from (version, core, settings) is its training digest: the same wish twice is one
training. The work itself is started by name, on commit.
"""

import hashlib
import json
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounting import audit
from accounting.errors import Conflict, Invalid
from marketplace import cores
from marketplace.job_lease import LOOKED_AT_AGAIN_AFTER, TRAIN_TASK
from marketplace.models import (
    LIVE_JOBS,
    Job,
    JobKind,
    JobState,
    Partition,
    PartitionState,
    Source,
    SourceVersion,
    User,
)
from marketplace.registration import lock, newest_version
from marketplace.rights import gate, late
from marketplace.roles import EDITORS, require_role
from marketplace.work import enqueue

MOST_ADAPTER_TOKENS = 100_000_000


def start_training(
    *, source: Source, acting_user: User, now: datetime, adapter_tokens: int | None = None
) -> Job:
    """The job that makes the newest version a partition; where there is one already, that one."""
    require_role(acting_user=acting_user, organisation=source.organisation, roles=EDITORS)
    tokens = settings.ADAPTER_TOKENS if adapter_tokens is None else adapter_tokens
    if not 1 <= tokens <= MOST_ADAPTER_TOKENS:
        raise Invalid(f"adapter_tokens must be at least 1 and at most {MOST_ADAPTER_TOKENS:,}.")
    core = cores.current()
    late.read_newest(source=source, acting_user=acting_user, now=now)
    with transaction.atomic(durable=True):
        version = _version_to_train(lock(source))
        wish = Partition(
            source=source, version=version, adapter_tokens=tokens, core_slug=core.slug,
            core_digest=core.digest, created_at=now, training_digest=training_digest(
                version_digest=version.digest, core_digest=core.digest, adapter_tokens=tokens
            ),
        )  # fmt: skip
        job = _same_wish(wish)
        if job is None:
            _refuse_other_wish(version)
            gate.require_confirmed(source=source, version=version)
            job = _write(wish, acting_user)
            enqueue(TRAIN_TASK, queue="train", job_id=job.pk)
            audit.record(
                acting_user=acting_user.username, action="training.started", subject=f"source:{source.slug}",
                after={"job": job.pk, "version": version.number, "adapter_tokens": tokens},
                organisation_slug=source.organisation.slug, now=now,
            )  # fmt: skip
    return job


def cancel_job(*, job: Job, acting_user: User, now: datetime) -> Job:
    """The work stops at its next report; a job that has ended cannot be cancelled."""
    require_role(acting_user=acting_user, organisation=job.source.organisation, roles=EDITORS)
    before = job.state
    with transaction.atomic(durable=True):
        cancelled = Job.objects.filter(pk=job.pk, state__in=LIVE_JOBS).update(
            state=JobState.CANCELLED, message="Cancelled by its owner.", lease_until=None, finished_at=now
        )
        job.refresh_from_db()
        if not cancelled and job.state != JobState.CANCELLED:
            raise Conflict(f"The job has ended already: {job.state}.", code="job_ended")
        if cancelled:
            Partition.objects.filter(pk=job.partition_id).update(
                state=PartitionState.FAILED, error="Its training was cancelled."
            )
            audit.record(
                acting_user=acting_user.username, action="training.cancelled",
                subject=f"source:{job.source.slug}",
                before={"job": job.pk, "state": before}, after={"job": job.pk, "state": job.state},
                organisation_slug=job.source.organisation.slug, now=now,
            )  # fmt: skip
    return job


def training_digest(*, version_digest: str, core_digest: str, adapter_tokens: int) -> str:
    """What a partition is made from. The encoder belongs to it: an index is of its vectors."""
    made_from = {
        "version": version_digest,
        "core": core_digest,
        "encoder": settings.ENCODER,
        "adapter_tokens": adapter_tokens,
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def _version_to_train(source: Source) -> SourceVersion:
    version = newest_version(source)
    if version is None:
        raise Conflict(
            f"'{source.slug}' has no documents yet.", code="no_documents", next_step="Upload documents first."
        )
    return version


def _same_wish(wish: Partition) -> Job | None:
    """The job of a partition made from the same, unless that failed or was taken back."""
    gone = (PartitionState.FAILED, PartitionState.WITHDRAWN)
    made = Partition.objects.filter(version=wish.version, training_digest=wish.training_digest)
    partition = made.exclude(state__in=gone).first()
    return partition.jobs.order_by("-pk").first() if partition else None


def _refuse_other_wish(version: SourceVersion) -> None:
    if Job.objects.filter(version=version, kind=JobKind.TRAIN, state__in=LIVE_JOBS).exists():
        raise Conflict(
            "This version is being trained with other settings.",
            code="training_under_way",
            next_step="Wait for that job, or cancel it.",
        )


def _write(partition: Partition, acting_user: User) -> Job:
    """The partition that is to be, and the job that makes it."""
    partition.save()
    return Job.objects.create(
        kind=JobKind.TRAIN, source=partition.source, version=partition.version, partition=partition,
        created_by=acting_user, created_at=partition.created_at,
        lease_until=partition.created_at + LOOKED_AT_AGAIN_AFTER,
    )  # fmt: skip
