"""A training job from claim to partition: progress, failure, cancelling, a killed worker, its own data."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from marketplace import job_lease, training_jobs
from marketplace.models import Job, JobState, Partition, PartitionState, Source
from marketplace.storage import store
from tests.builders import draft_source, upload
from tests.cast import Actor, Cast
from workers import job_report, recovery, training

pytestmark = [
    pytest.mark.books,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("trainable"),
]

TEXT = "The keeper winds each clock on Monday. Maps rest in the dark for three months. " * 60


def source_with_text(owner: Actor, slug: str = "almanac", text: str = TEXT) -> Source:
    source = draft_source(owner, slug)
    upload(owner, source, text=f"{slug}. {text}")
    return source


def ask_for_training(owner: Actor, source: Source, *, adapter_tokens: int = 600) -> Job:
    return training_jobs.start_training(
        source=source, acting_user=owner.user, now=timezone.now(), adapter_tokens=adapter_tokens
    )


def fresh(job: Job) -> Job:
    return Job.objects.select_related("partition").get(pk=job.pk)


def stored_files() -> dict[str, bytes]:
    directory = Path(settings.OBJECT_STORE_DIR)
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


class Worker:
    """A worker in the middle of a training: runs `then` at its report number `at`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, at: int, then: Callable[[], None]) -> None:
        self.reports = 0
        self._at, self._then = at, then
        monkeypatch.setattr(job_report, "WRITE_SECONDS", 0.0)
        original = job_report.JobReport.write

        def write(report: job_report.JobReport, stage: str, done: int, total: int) -> None:
            original(report, stage, done, total)
            self.reports += 1
            if self.reports == self._at:
                self._then()

        monkeypatch.setattr(job_report.JobReport, "write", write)


class KilledError(BaseException):
    """Ends a worker like kill -9: no handler of the training sees it as a failure."""


def kill() -> None:
    raise KilledError


def test_a_training_makes_the_newest_version_an_active_partition(cast: Cast) -> None:
    job = ask_for_training(cast.owner, source_with_text(cast.owner))
    assert training.run(job_id=job.pk)
    done = fresh(job)
    assert done.state == JobState.DONE
    assert done.progress_done == done.progress_total > 0
    partition = done.partition
    assert partition.state == PartitionState.ACTIVE
    assert {"held_out_bits_core", "held_out_bits_adapter", "passages", "tokens", "votes"} <= set(
        partition.metrics
    )
    for digest in (partition.adapter_digest, partition.index_digest, partition.passages_digest):
        assert store().open(digest).stat().st_size > 0


def test_progress_is_written_to_the_row_while_it_trains(cast: Cast, monkeypatch) -> None:
    job = ask_for_training(cast.owner, source_with_text(cast.owner))
    seen: list[tuple[str, int, int]] = []

    def look() -> None:
        row = fresh(job)
        seen.append((row.stage, row.progress_done, row.progress_total))

    Worker(monkeypatch, at=3, then=look)
    training.run(job_id=job.pk)
    ((stage, done, total),) = seen
    assert stage
    assert 0 <= done <= total


def test_a_job_that_has_ended_is_not_trained_again(cast: Cast) -> None:
    job = ask_for_training(cast.owner, source_with_text(cast.owner))
    assert training.run(job_id=job.pk)
    files = stored_files()
    assert not training.run(job_id=job.pk)
    assert stored_files() == files


def test_a_damaged_document_fails_the_job_with_a_sentence_and_the_owner_may_train_again(cast: Cast) -> None:
    source = source_with_text(cast.owner)
    digest = source.versions.get().documents.get().digest
    path = store().open(digest)
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(whole[: len(whole) // 2])
    job = ask_for_training(cast.owner, source)
    training.run(job_id=job.pk)
    failed = fresh(job)
    assert failed.state == JobState.FAILED
    assert failed.partition.state == PartitionState.FAILED
    assert digest[:12] in failed.message
    path.write_bytes(whole)
    again = ask_for_training(cast.owner, source)
    assert again.pk != job.pk
    training.run(job_id=again.pk)
    assert fresh(again).state == JobState.DONE


def test_a_cancelled_training_stops_at_its_next_report_and_leaves_no_partition(cast, monkeypatch) -> None:
    source = source_with_text(cast.owner)
    job = ask_for_training(cast.owner, source)

    def cancel() -> None:
        training_jobs.cancel_job(job=job, acting_user=cast.owner.user, now=timezone.now())

    worker = Worker(monkeypatch, at=4, then=cancel)
    training.run(job_id=job.pk)
    assert fresh(job).state == JobState.CANCELLED
    assert fresh(job).partition.state == PartitionState.FAILED
    assert not source.partitions.filter(state=PartitionState.ACTIVE).exists()
    assert worker.reports <= 7


def test_a_killed_training_is_taken_up_when_its_lease_ran_out_and_gives_the_same_partition(
    cast, monkeypatch
) -> None:
    job = ask_for_training(cast.owner, source_with_text(cast.owner))
    with monkeypatch.context() as patch:
        Worker(patch, at=5, then=kill)
        with pytest.raises(KilledError):
            training.run(job_id=job.pk)
    assert fresh(job).state == JobState.RUNNING
    assert not training.run(job_id=job.pk), "its lease is still good: another worker must not take it"
    later = timezone.now() + timedelta(seconds=settings.TRAIN_LEASE_SECONDS + 1)
    recovery.after_a_lost_worker(now=later)
    assert fresh(job).state == JobState.QUEUED
    assert training.take_up_one(lambda: False)
    assert fresh(job).state == JobState.DONE
    again = ask_for_training(cast.owner, source_with_text(cast.owner, slug="copy"))
    assert again.partition.digest == ""
    assert fresh(job).partition.digest == _trained_apart(fresh(job).partition)


def _trained_apart(partition: Partition) -> str:
    """The digest of the same training, uninterrupted."""
    Partition.objects.filter(pk=partition.pk).update(state=PartitionState.WITHDRAWN)
    user = partition.source.organisation.memberships.get().user
    job = training_jobs.start_training(
        source=partition.source, acting_user=user, now=timezone.now(),
        adapter_tokens=partition.adapter_tokens,
    )  # fmt: skip
    assert training.run(job_id=job.pk)
    return fresh(job).partition.digest


def test_a_worker_that_lost_its_lease_writes_nothing_any_more(cast, monkeypatch) -> None:
    job = ask_for_training(cast.owner, source_with_text(cast.owner))

    def taken_over() -> None:
        later = timezone.now() + timedelta(seconds=settings.TRAIN_LEASE_SECONDS + 1)
        assert job_lease.claim(job_id=job.pk, now=later) is not None

    Worker(monkeypatch, at=4, then=taken_over)
    training.run(job_id=job.pk)
    assert fresh(job).state == JobState.RUNNING
    assert fresh(job).attempts == 2
    assert fresh(job).partition.digest == ""


def test_a_training_that_is_asked_to_stop_goes_back_to_the_queue_without_costing_an_attempt(cast) -> None:
    job = ask_for_training(cast.owner, source_with_text(cast.owner))
    for _ in range(job_lease.MOST_ATTEMPTS + 1):
        assert training.run(job_id=job.pk, should_stop=lambda: True)
        assert fresh(job).state == JobState.QUEUED
    assert training.take_up_one(lambda: False)
    assert fresh(job).state == JobState.DONE


def test_only_its_own_documents_are_read_and_other_partitions_stay_byte_equal(cast, monkeypatch) -> None:
    other = source_with_text(cast.second_owner, slug="herbal", text="Sage grows on dry walls. " * 120)
    training.run(job_id=ask_for_training(cast.second_owner, other).pk)
    before = stored_files()
    source = source_with_text(cast.owner)
    own = {document.digest for document in source.versions.get().documents.all()}
    read: list[str] = []
    opened = type(store()).open

    def watch(self, digest: str) -> Path:
        read.append(digest)
        return opened(self, digest)

    monkeypatch.setattr(type(store()), "open", watch)
    training.run(job_id=ask_for_training(cast.owner, source).pk)
    assert set(read) == own
    after = stored_files()
    assert {path: after[path] for path in before} == before


def test_at_the_start_of_the_embedded_process_every_unfinished_job_waits_again(cast, monkeypatch) -> None:
    job = ask_for_training(cast.owner, source_with_text(cast.owner))
    with monkeypatch.context() as patch:
        Worker(patch, at=2, then=kill)
        with pytest.raises(KilledError):
            training.run(job_id=job.pk)
    recovery.after_a_dead_process()
    assert fresh(job).state == JobState.QUEUED
    assert training.take_up_one(lambda: False)
    assert fresh(job).state == JobState.DONE
