"""A worker that stops on purpose gives its job back: it waits again at once, and no attempt is lost."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from marketplace import job_lease, training_jobs
from marketplace.models import Job, JobState, PartitionState
from tests.builders import draft_source, upload

pytestmark = [
    pytest.mark.books,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("named_core"),
]


def leave_waiting(_task: str, _queue: str, _values: dict[str, object]) -> None:
    """A runner whose worker has not come to it yet."""


@pytest.fixture
def job(cast, settings) -> Job:
    settings.WORK_RUNNERS = {"immediate": f"{__name__}.leave_waiting"}
    source = draft_source(cast.owner)
    upload(cast.owner, source)
    return training_jobs.start_training(source=source, acting_user=cast.owner.user, now=timezone.now())


def claimed(job: Job, now: datetime) -> job_lease.Lease:
    lease = job_lease.claim(job_id=job.pk, now=now)
    assert lease is not None
    return lease


def test_a_job_given_back_is_claimed_again_and_counts_one_attempt(job) -> None:
    now = timezone.now()
    first = claimed(job, now)
    assert job_lease.give_back(lease=first, now=now)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.partition.state) == (JobState.QUEUED, 0, PartitionState.QUEUED)
    assert claimed(job, now).attempt == 1


def test_a_job_given_back_is_found_by_upkeep_when_no_message_follows(job) -> None:
    now = timezone.now()
    job_lease.give_back(lease=claimed(job, now), now=now)
    assert job_lease.resume_waiting(now=now + timedelta(seconds=1)) == 1


def test_a_lease_that_was_lost_gives_nothing_back(job) -> None:
    now = timezone.now()
    lost = claimed(job, now)
    later = now + job_lease.LEASE + timedelta(seconds=1)
    assert job_lease.claim(job_id=job.pk, now=later) is not None
    assert not job_lease.give_back(lease=lost, now=later)
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
