"""A training's reports: at most one write a second, a lease renewed by each, and the two ways to stop."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounting.errors import Invalid
from marketplace import job_lease, training_jobs
from marketplace.job_lease import Lease
from tests.builders import draft_source, upload
from tests.cast import Cast
from workers.job_report import JobReport

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def lease(cast: Cast) -> Lease:
    source = draft_source(cast.owner)
    upload(cast.owner, source)
    job = training_jobs.start_training(source=source, acting_user=cast.owner.user, now=timezone.now())
    found = job_lease.claim(job_id=job.pk, now=timezone.now())
    assert found is not None
    return found


def test_a_thousand_reports_in_a_second_are_one_write(lease: Lease) -> None:
    clock = Clock()
    report = JobReport(lease=lease, stopping=lambda: False, clock=clock)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        for done in range(1000):
            report.write("adapter", done, 1000)
            clock.seconds += 0.0009
    assert len(queries) == 1
    clock.seconds += 1
    report.write("adapter", 999, 1000)
    lease.job.refresh_from_db()
    assert (lease.job.stage, lease.job.progress_done, lease.job.progress_total) == ("adapter", 999, 1000)


def test_a_new_stage_is_written_at_once(lease: Lease) -> None:
    report = JobReport(lease=lease, stopping=lambda: False, clock=Clock())
    report.write("passages", 1, 2)
    report.write("adapter", 0, 9)
    lease.job.refresh_from_db()
    assert lease.job.stage == "adapter"


def test_every_write_renews_the_lease(lease: Lease, settings) -> None:
    settings.TRAIN_LEASE_SECONDS = 5000
    JobReport(lease=lease, stopping=lambda: False).write("adapter", 1, 2)
    lease.job.refresh_from_db()
    assert lease.job.lease_until is not None
    assert lease.job.lease_until > timezone.now() + timedelta(seconds=4000)


def test_a_report_under_a_lost_lease_says_stop(lease: Lease) -> None:
    report = JobReport(lease=lease, stopping=lambda: False)
    later = timezone.now() + job_lease.LEASE + timedelta(seconds=1)
    assert job_lease.claim(job_id=lease.job.pk, now=later) is not None
    assert not report.should_stop()
    report.write("adapter", 1, 2)
    assert report.should_stop()


def test_a_server_that_ends_says_stop(lease: Lease) -> None:
    assert JobReport(lease=lease, stopping=lambda: True).should_stop()


def test_a_training_beyond_the_limit_is_ended_with_a_sentence(lease: Lease, settings) -> None:
    clock = Clock()
    report = JobReport(lease=lease, stopping=lambda: False, clock=clock)
    clock.seconds += settings.TRAIN_LIMIT_SECONDS + 1
    with pytest.raises(Invalid, match="longer than this installation allows"):
        report.write("adapter", 1, 2)
