"""Whose turn it is in an engine's process: each consumer that waits in turn, and none on every place."""

import threading

from django.conf import settings

from tests.workers.waiting import wait_until
from workers.fair_queue import FairQueue
from workers.processes import SERVE


def take(queue: FairQueue[str], count: int) -> list[str]:
    turns = [queue.get() for _ in range(count)]
    return [turn[1] for turn in turns if turn is not None]


def test_consumers_that_wait_take_turns_and_each_is_served_in_its_own_order() -> None:
    queue: FairQueue[str] = FairQueue(most_each=10)
    for number in range(3):
        queue.put("many", f"many {number}")
    queue.put("few", "few 0")
    queue.put("other", "other 0")
    assert take(queue, 5) == ["many 0", "few 0", "other 0", "many 1", "many 2"]


def test_a_consumer_at_its_bound_is_passed_over_until_one_of_its_answers_is_done() -> None:
    queue: FairQueue[str] = FairQueue(most_each=2)
    for number in range(4):
        queue.put("many", f"many {number}")
    assert take(queue, 2) == ["many 0", "many 1"]
    queue.put("few", "few 0")
    assert take(queue, 1) == ["few 0"]
    queue.done("many")
    assert take(queue, 1) == ["many 2"]


def test_a_thread_that_waits_at_a_consumers_bound_goes_on_when_one_is_done() -> None:
    queue: FairQueue[str] = FairQueue(most_each=1)
    queue.put("many", "many 0")
    queue.put("many", "many 1")
    assert take(queue, 1) == ["many 0"]
    got: list[str] = []
    thread = threading.Thread(target=lambda: got.extend(take(queue, 1)))
    thread.start()
    queue.done("many")
    wait_until(lambda: got, what="the second answer")
    thread.join(30)
    assert got == ["many 1"]


def test_a_closed_queue_gives_nothing_out_and_says_what_waited() -> None:
    queue: FairQueue[str] = FairQueue(most_each=1)
    queue.put("many", "many 0")
    queue.close()
    assert queue.get() is None
    assert queue.rest() == ["many 0"]


def test_everything_that_may_wait_fits_into_a_serve_worker_so_that_turns_are_taken_there() -> None:
    at_once = int(SERVE[SERVE.index("-c") + 1])
    assert at_once >= settings.ANSWERS_WAITING + settings.ANSWERS_AT_ONCE
