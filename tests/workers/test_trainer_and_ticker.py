"""The embedded trainer looks at the rows by itself; the ticker follows the schedule and survives failures."""

import threading
from collections.abc import Callable

import pytest

from tests.workers.waiting import wait_until
from workers import ticker
from workers.ticker import Ticker
from workers.trainer_thread import TrainerThread

pytestmark = pytest.mark.django_db(transaction=True)


class Jobs:
    """Rows that wait, and a failure or two on the way."""

    def __init__(self, *steps: str) -> None:
        self.steps = list(steps)
        self.done: list[str] = []
        self.stopped_in_hand = False

    def take_up(self, should_stop: Callable[[], bool]) -> bool:
        if not self.steps:
            return False
        step = self.steps.pop(0)
        if step == "error":
            raise ConnectionError("the database is away")
        if step == "long":
            wait_until(should_stop, what="the stop")
            self.stopped_in_hand = True
        self.done.append(step)
        return True


def trainer_of(jobs: Jobs) -> TrainerThread:
    warmed = threading.Event()
    warmed.set()
    return TrainerThread(take_up=jobs.take_up, begin=warmed)


def test_nothing_is_taken_up_before_the_engine_has_warmed_up() -> None:
    jobs, warmed = Jobs("first"), threading.Event()
    trainer = TrainerThread(take_up=jobs.take_up, begin=warmed)
    trainer.start()
    trainer.wake()
    assert not warmed.wait(0.5)
    assert jobs.steps == ["first"]
    warmed.set()
    wait_until(lambda: jobs.done == ["first"], what="the job")
    trainer.stop(timeout_seconds=30)


def test_all_waiting_jobs_are_taken_up_at_start_without_being_announced() -> None:
    jobs = Jobs("first", "second")
    trainer = trainer_of(jobs)
    trainer.start()
    wait_until(lambda: jobs.done == ["first", "second"], what="both jobs")
    trainer.stop(timeout_seconds=30)


def test_a_failing_database_does_not_end_the_trainer(caplog: pytest.LogCaptureFixture) -> None:
    jobs = Jobs("error", "after")
    trainer = trainer_of(jobs)
    trainer.start()
    wait_until(lambda: "could not take up" in caplog.text, what="the logged failure")
    trainer.wake()
    wait_until(lambda: jobs.done == ["after"], what="the job after the failure")
    trainer.stop(timeout_seconds=30)


def test_stopping_asks_the_job_in_hand_to_stop() -> None:
    jobs = Jobs("long")
    trainer = trainer_of(jobs)
    trainer.start()
    wait_until(lambda: not jobs.steps, what="the job to be taken up")
    trainer.stop(timeout_seconds=30)
    assert jobs.stopped_in_hand


def test_the_ticker_goes_on_after_a_task_that_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def task(name: str) -> Callable[[], None]:
        def call() -> None:
            called.append(name)
            if name == "raises":
                raise RuntimeError("no")

        return call

    monkeypatch.setattr(ticker, "import_string", task)
    ticking = Ticker(schedule={"raises": 0.01, "hourly": 3600.0})
    ticking.start()
    wait_until(lambda: called.count("raises") >= 3, what="three turns")
    ticking.stop(timeout_seconds=30)
    assert called.count("hourly") == 1
