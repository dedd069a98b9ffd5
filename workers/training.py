"""One training job from claim to partition: step 3 (train) of the way.

Reads only its own source's documents, by digest, and writes only new files, by digest: other partitions stay
byte-equal. The random seed follows from what the partition is made from, so a training that was killed and
repeated gives the same files. Every change of the job row goes through `marketplace.job_lease`.
"""

import logging
from collections.abc import Callable

from django.utils import timezone

from accounting.errors import Conflict, DomainError
from marketplace import job_lease
from marketplace.job_lease import Trained
from marketplace.models import Document, Job, JobState
from marketplace.storage import store
from workers.job_report import JobReport, TrainingStopped, lease_time

logger = logging.getLogger(__name__)


def take_up_one(should_stop: Callable[[], bool]) -> bool:
    """Train the job that has waited longest; False when none waits."""
    waiting = Job.objects.filter(state=JobState.QUEUED, attempts__lt=job_lease.MOST_ATTEMPTS)
    job_id = waiting.order_by("pk").values_list("pk", flat=True).first()
    return job_id is not None and run(job_id=job_id, should_stop=should_stop)


def run(*, job_id: int, should_stop: Callable[[], bool] = lambda: False) -> bool:
    """Train the job's partition if it still waits for it; False when it is not ours to train."""
    lease = job_lease.claim(job_id=job_id, now=timezone.now(), lease=lease_time())
    if lease is None:
        return False
    report = JobReport(lease=lease, stopping=should_stop)
    try:
        trained = _train(lease.job, report)
    except TrainingStopped:
        job_lease.give_back(lease=lease, now=timezone.now())
    except Exception as error:  # the owner reads why; the worker goes on with the next job
        logger.exception("training job %s failed", job_id)
        job_lease.fail(lease=lease, error=_sentence(error), now=timezone.now())
    else:
        job_lease.finish(lease=lease, trained=trained, now=timezone.now())
    return True


def _train(job: Job, report: JobReport) -> Trained:
    from workers import trainer_models

    partition = job.partition
    core = trainer_models.core()
    if core.digest != partition.core_digest:
        raise Conflict("The core model has changed since this training was asked for: ask for it again.")
    report.write("reading", 0, 1)
    return trainer_models.train(
        documents=_texts(job.version_id),
        adapter_tokens=partition.adapter_tokens,
        seed=int(partition.training_digest[:12], 16),
        report=report,
    )


def _texts(version_id: int) -> list[str]:
    """The version's documents, in the order of their names."""
    documents = Document.objects.filter(version=version_id).order_by("name")
    return [store().open(document.digest).read_text(encoding="utf-8") for document in documents]


def _sentence(error: Exception) -> str:
    """What the owner reads; a defect of ours is named by its kind only, the log has the rest."""
    if isinstance(error, DomainError):
        return error.detail
    return f"The training went wrong ({type(error).__name__}: {error})."
