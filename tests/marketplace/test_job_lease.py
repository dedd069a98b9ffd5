"""A job outlives its worker: leases, fencing, three attempts, and one outcome."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace import job_lease, training_jobs
from marketplace.job_lease import LEASE, Trained
from marketplace.models import Job, JobKind, Partition
from tests.builders import draft_source, live_source, upload

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]

TRAINED = Trained("a" * 64, "b" * 64, "c" * 64, "d" * 64, manifest={"format": 1}, metrics={"votes": True})
LATER = LEASE + timedelta(seconds=1)


def claim(job, now) -> job_lease.Lease:
    lease = job_lease.claim(job_id=job.pk, now=now)
    assert lease is not None
    return lease


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def source(cast):
    source = draft_source(cast.owner)
    upload(cast.owner, source)
    return source


@pytest.fixture
def job(cast, source, now):
    return training_jobs.start_training(source=source, acting_user=cast.owner.user, now=now)


@pytest.fixture
def enqueued(settings, monkeypatch):
    """What was started by name; commits count as made."""
    started: list[int] = []
    monkeypatch.setattr(
        "marketplace.job_lease.enqueue", lambda _task, *, queue, job_id: started.append(job_id)
    )
    return started


def test_a_job_is_claimed_once(job, now):
    lease = claim(job, now)
    assert (lease.attempt, lease.job.state, lease.job.partition.state) == (1, "running", "queued")
    assert Partition.objects.get().state == "training"
    assert job_lease.claim(job_id=job.pk, now=now) is None


def test_progress_keeps_the_lease_alive(job, now):
    lease = claim(job, now)
    assert job_lease.progress(lease=lease, stage="adapter", done=3, total=9, now=now + LEASE / 2)
    assert job_lease.claim(job_id=job.pk, now=now + LEASE) is None
    job.refresh_from_db()
    assert (job.stage, job.progress_done, job.progress_total) == ("adapter", 3, 9)


def test_a_job_whose_worker_died_is_taken_up_and_the_dead_one_can_write_no_more(job, now):
    dead = claim(job, now)
    alive = claim(job, now + LATER)
    assert alive.attempt == 2
    assert not job_lease.progress(lease=dead, stage="adapter", done=1, total=2, now=now + LATER)
    assert not job_lease.finish(lease=dead, trained=TRAINED, now=now + LATER)
    assert not job_lease.fail(lease=dead, error="late", now=now + LATER)
    assert job_lease.finish(lease=alive, trained=TRAINED, now=now + LATER)
    assert Partition.objects.get().state == "active"


def test_a_job_is_finished_once(job, now):
    lease = claim(job, now)
    assert job_lease.finish(lease=lease, trained=TRAINED, now=now)
    assert not job_lease.finish(lease=lease, trained=TRAINED, now=now)
    job.refresh_from_db()
    assert (job.state, job.lease_until, job.finished_at) == ("done", None, now)


def test_lost_work_is_started_again_by_upkeep(job, now, enqueued):
    job_lease.claim(job_id=job.pk, now=now)
    assert job_lease.resume_waiting(now=now + timedelta(seconds=1)) == 0
    assert job_lease.resume_waiting(now=now + LATER) == 1
    assert enqueued == [job.pk]
    assert job_lease.resume_waiting(now=now + LATER) == 0, "not again while the message may be on its way"


def test_a_message_that_was_lost_is_sent_again(job, now, enqueued):
    assert job_lease.resume_waiting(now=now) == 0
    assert job_lease.resume_waiting(now=now + job_lease.LOOKED_AT_AGAIN_AFTER * 1.1) == 1
    assert enqueued == [job.pk]


def test_a_process_that_starts_alone_takes_up_everything_at_once(job, now, enqueued):
    job_lease.claim(job_id=job.pk, now=now)
    assert job_lease.resume_waiting(now=now, at_start=True) == 1
    assert job_lease.claim(job_id=job.pk, now=now) is not None


def test_three_deaths_are_enough(job, now, enqueued):
    for attempt in range(3):
        assert job_lease.claim(job_id=job.pk, now=now + attempt * LATER) is not None
    late = now + 3 * LATER
    assert job_lease.claim(job_id=job.pk, now=late) is None
    assert job_lease.resume_waiting(now=late) == 0
    job.refresh_from_db()
    assert (job.state, job.partition.state) == ("failed", "failed")
    assert "three times" in job.message


def test_a_failed_training_is_told_and_may_be_asked_for_again(cast, source, job, now):
    lease = claim(job, now)
    assert job_lease.fail(lease=lease, error="Too little text.", now=now)
    partition = Partition.objects.get()
    assert (partition.state, partition.error) == ("failed", "Too little text.")
    again = training_jobs.start_training(source=source, acting_user=cast.owner.user, now=now)
    assert again.pk != job.pk


def test_a_cancelled_job_stops_at_its_next_report(cast, job, now):
    lease = claim(job, now)
    training_jobs.cancel_job(job=job, acting_user=cast.owner.user, now=now)
    assert not job_lease.progress(lease=lease, stage="adapter", done=1, total=2, now=now)
    assert not job_lease.finish(lease=lease, trained=TRAINED, now=now)
    assert Partition.objects.get().state == "failed"


def test_an_older_version_that_finishes_late_does_not_replace_a_newer_one(cast, source, job, now):
    slow = claim(job, now)
    upload(cast.owner, source, text="Newer.", name="b.txt")
    newer = training_jobs.start_training(source=source, acting_user=cast.owner.user, now=now)
    assert job_lease.finish(lease=claim(newer, now), trained=TRAINED, now=now)
    assert job_lease.finish(lease=slow, trained=TRAINED, now=now)
    states = {one.version.number: one.state for one in Partition.objects.select_related("version")}
    assert states == {1: "withdrawn", 2: "active"}


def test_the_database_refuses_a_second_live_job_of_a_version(cast, source, job, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(
            kind=JobKind.TRAIN,
            source=source,
            version=job.version,
            partition=job.partition,
            created_by=cast.owner.user,
            created_at=now,
        )


def test_the_database_refuses_a_second_active_partition_of_a_source(cast, now):
    source = live_source(cast.owner, "ballads")
    other = Partition.objects.get(source=source)
    with pytest.raises(IntegrityError), transaction.atomic():
        Partition.objects.create(
            source=source,
            version=other.version,
            state="active",
            digest="e" * 64,
            training_digest="f" * 64,
            adapter_tokens=1,
            core_slug=other.core_slug,
            core_digest=other.core_digest,
            created_at=now,
        )
