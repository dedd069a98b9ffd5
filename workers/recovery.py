"""What is done for the work of a process that is gone: trainings start again, answers are failed and said so.

An answer is never made twice: its hold ends by itself (rule 6), its reader gets an error. A training is
taken up again, because repeating it gives the same files and costs nobody anything.
"""

import logging
from datetime import datetime

from django.utils import timezone

from inference import upkeep
from marketplace import job_lease

logger = logging.getLogger(__name__)


def after_a_dead_process() -> None:
    """At the start of the one embedded process: what was under way belonged to one that is gone."""
    now = timezone.now()
    _tell(
        trainings=job_lease.resume_waiting(now=now, at_start=True),
        answers=upkeep.fail_lost_answers(now=now, at_start=True),
    )


def after_a_lost_worker(*, now: datetime) -> None:
    """Now and then, beside workers that live: only what has lost its lease."""
    _tell(trainings=job_lease.resume_waiting(now=now), answers=upkeep.fail_lost_answers(now=now))


def _tell(*, trainings: int, answers: int) -> None:
    if trainings or answers:
        logger.warning("lost work: %s trainings start again, %s answers failed", trainings, answers)
