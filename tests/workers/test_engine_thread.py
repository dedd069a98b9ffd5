"""The engine threads: order, turns, failures, heartbeats, and an end that leaves nobody waiting."""

import threading
from concurrent.futures import CancelledError
from contextlib import contextmanager

import pytest

from tests.workers.waiting import wait_until
from workers.engine_thread import EngineThread

# The thread closes its database connections after each answer.
pytestmark = pytest.mark.django_db(transaction=True)


class ScriptedEngine:
    """Records what it was asked for; an id that starts with "bad" raises, "slow" waits for `go_on`."""

    def __init__(self, *, warm_up_error: Exception | None = None) -> None:
        self.answered: list[str] = []
        self.thread_names: set[str] = set()
        self.go_on = threading.Event()
        self._warm_up_error = warm_up_error

    def warm_up(self) -> None:
        if self._warm_up_error:
            raise self._warm_up_error

    def answer(self, *, answer_id: str) -> None:
        self.thread_names.add(threading.current_thread().name)
        if answer_id.startswith("slow"):
            assert self.go_on.wait(30)
        if answer_id.startswith("bad"):
            raise RuntimeError("the row vanished")
        self.answered.append(answer_id)


@contextmanager
def running(engine: ScriptedEngine, heartbeats: list[str] | None = None, *, at_once: int = 1):
    beats = heartbeats if heartbeats is not None else []
    thread = EngineThread(
        load=lambda: engine,
        heartbeat=beats.append,
        alive=lambda _state: None,
        heartbeat_seconds=0.02,
        at_once=at_once,
        consumer_of=lambda answer_id: answer_id.partition(" of ")[2],
    )
    thread.start()
    try:
        yield thread
    finally:
        engine.go_on.set()
        thread.stop(timeout_seconds=30)


def test_answers_are_made_one_after_the_other_in_the_thread_named_engine() -> None:
    engine = ScriptedEngine()
    with running(engine) as thread:
        waiting = [thread.submit(str(number)) for number in range(5)]
        for done in waiting:
            done.result(timeout=30)
    assert engine.answered == ["0", "1", "2", "3", "4"]
    assert engine.thread_names == {"engine"}


def test_an_answer_that_raises_is_reported_and_the_next_one_is_made() -> None:
    engine = ScriptedEngine()
    with running(engine) as thread:
        bad, good = thread.submit("bad"), thread.submit("good")
        with pytest.raises(RuntimeError, match="the row vanished"):
            bad.result(timeout=30)
        good.result(timeout=30)
    assert engine.answered == ["good"]


def test_an_answer_in_hand_and_one_that_waits_both_get_heartbeats_until_they_are_done() -> None:
    engine, beats = ScriptedEngine(), list[str]()
    with running(engine, beats) as thread:
        in_hand, behind = thread.submit("slow"), thread.submit("behind")
        wait_until(lambda: {"slow", "behind"} <= set(beats), what="a heartbeat of both answers")
        engine.go_on.set()
        in_hand.result(timeout=30)
        behind.result(timeout=30)
    assert not thread._held


def test_a_warm_up_that_fails_is_told_and_answers_are_still_tried() -> None:
    engine = ScriptedEngine(warm_up_error=FileNotFoundError("no core"))
    with running(engine) as thread:
        wait_until(lambda: thread.state == "failed", what="the failed warm-up")
        assert thread.failure == "FileNotFoundError: no core"
        thread.submit("first").result(timeout=30)
        assert thread.state == "ready"


def test_a_stopped_engine_finishes_the_answer_in_hand_and_lets_go_of_those_that_wait() -> None:
    engine = ScriptedEngine()
    with running(engine) as thread:
        in_hand, behind = thread.submit("slow"), thread.submit("behind")
        wait_until(in_hand.running, what="the first answer")
        stopper = threading.Thread(target=thread.stop, kwargs={"timeout_seconds": 30})
        stopper.start()
        wait_until(thread._stopping.is_set, what="the stop")
        engine.go_on.set()
        stopper.join(30)
        in_hand.result(timeout=30)
        with pytest.raises(CancelledError):
            behind.result(timeout=30)
        with pytest.raises(CancelledError):
            thread.submit("late").result(timeout=30)
    assert engine.answered == ["slow"]


def test_a_few_answers_are_made_at_the_same_time_and_a_slow_one_does_not_hold_up_the_others() -> None:
    engine = ScriptedEngine()
    with running(engine, at_once=3) as thread:
        slow = [thread.submit("slow 1"), thread.submit("slow 2")]
        for quick in [thread.submit(str(number)) for number in range(4)]:
            quick.result(timeout=30)
        assert engine.answered == ["0", "1", "2", "3"]
        engine.go_on.set()
        for done in slow:
            done.result(timeout=30)


def test_a_consumer_with_many_questions_does_not_make_another_wait_for_all_of_them() -> None:
    engine = ScriptedEngine()
    with running(engine) as thread:
        first = thread.submit("slow of nobody")
        wait_until(first.running, what="the answer in hand")
        waiting = [thread.submit(f"{number} of many") for number in range(4)]
        waiting += [thread.submit(f"{number} of few") for number in range(2)]
        engine.go_on.set()
        for done in waiting:
            done.result(timeout=30)
    assert engine.answered[1:] == ["0 of many", "0 of few", "1 of many", "1 of few", "2 of many", "3 of many"]
