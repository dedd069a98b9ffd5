"""The embedded default: engine, trainer and upkeep as named threads of the one process that serves HTTP.

Answers the port `marketplace.work` in WORK_MODE "embedded". Rows in the database are the queue: `submit` only
wakes a thread that runs here; in a process without threads (a management command) it does nothing, and the
next `manage.py serve` takes the row up. One process at a time may run these threads over a VAR_DIR: a lock
file sees to it, and so at start everything that was running belonged to a process that is gone.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

from workers import local_engine
from workers.engine_thread import EngineThread
from workers.ticker import Ticker
from workers.trainer_thread import TrainerThread

STOP_SECONDS = 30.0


class AlreadyRunningError(RuntimeError):
    """Another process runs the embedded threads over the same data."""


@dataclass(frozen=True, slots=True)
class _Threads:
    engine: EngineThread
    trainer: TrainerThread
    ticker: Ticker


_threads: _Threads | None = None


def submit(task: str, queue: str, kwargs: dict[str, object]) -> None:
    """Hand work to the thread it is for. The row is the truth; this only saves the waiting."""
    running = _threads
    if running is None:
        return
    if queue == "serve":
        running.engine.submit(str(kwargs["answer_id"]))
    elif queue == "train":
        running.trainer.wake()
    else:
        raise ValueError(f"{task}: the embedded process has no queue {queue!r}")


@contextmanager
def running() -> Iterator[None]:
    """Engine, trainer and upkeep run while the block does; what a dead process left is settled first."""
    global _threads  # noqa: PLW0603 - one set of threads a process is the point of this module
    with _only_one():
        from workers import recovery, training

        recovery.after_a_dead_process()
        engine = local_engine.start()
        threads = _Threads(
            engine=engine,
            trainer=TrainerThread(take_up=training.take_up_one, begin=engine.warmed),
            ticker=Ticker(schedule=settings.UPKEEP_SCHEDULE),
        )
        threads.trainer.start()
        threads.ticker.start()
        _threads = threads
        try:
            yield
        finally:
            _threads = None
            threads.ticker.stop(timeout_seconds=STOP_SECONDS)
            threads.trainer.stop(timeout_seconds=STOP_SECONDS)
            local_engine.stop(timeout_seconds=STOP_SECONDS)


@contextmanager
def _only_one() -> Iterator[None]:
    path = Path(settings.VAR_DIR) / "embedded.lock"
    with path.open("w") as file:
        _lock(file, path)
        yield


def _lock(file: IO[str], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise AlreadyRunningError(
            f"another process already serves this data ({path} is locked): stop it, or set VAR_DIR"
        ) from error
