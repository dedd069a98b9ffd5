"""How a training tells its job row how far it is, and learns that it must stop.

The row is written at most once a second and at every new stage; each write renews the lease. A write that
finds the lease gone (cancelled, or taken over by another worker) makes `lost` true, and the training stops at
its next step. A training that hangs reports nothing, loses its lease and is taken up again; one that takes
longer than TRAIN_LIMIT_SECONDS fails.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounting.errors import Invalid
from marketplace import job_lease
from marketplace.job_lease import Lease

WRITE_SECONDS = 1.0


def lease_time() -> timedelta:
    return timedelta(seconds=settings.TRAIN_LEASE_SECONDS)


class TrainingStopped(Exception):
    """The training ends here because it was asked to; what it has so far is thrown away."""


class JobReport:
    """`write` is the training's report; `should_stop` is what it asks before each step."""

    def __init__(
        self,
        *,
        lease: Lease,
        stopping: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lease = lease
        self._stopping = stopping
        self._clock = clock
        self._stage = ""
        self._written_at = float("-inf")
        self._limit = clock() + settings.TRAIN_LIMIT_SECONDS
        self.lost = False

    def write(self, stage: str, done: int, total: int) -> None:
        now = self._clock()
        if now > self._limit:
            raise Invalid("The training took longer than this installation allows.", code="training_too_long")
        if stage == self._stage and now - self._written_at < WRITE_SECONDS:
            return
        self._stage, self._written_at = stage, now
        held = job_lease.progress(
            lease=self._lease, stage=stage, done=done, total=total, now=timezone.now(), extend=lease_time()
        )
        self.lost = self.lost or not held

    def should_stop(self) -> bool:
        return self.lost or self._stopping()
