"""Calls that wait at the same moment share one way, and none meets the fault of another."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import OperationalError

from accounting.together import ENOUGH, MOST, PARTIES, Together


class Way:
    """Doubles numbers; the first parties wait until they are let go, so that others gather behind them."""

    def __init__(self, held: int = 1, broken: int | None = None) -> None:
        self.parties: list[list[int]] = []
        self.open = threading.Event()
        self.begun = threading.Semaphore(0)
        self._held = held
        self._broken = broken
        self.together: Together[int, int] = Together(self.run, key=lambda number: number % 1000)

    def run(self, numbers):
        self.parties.append(list(numbers))
        self.begun.release()
        if len(self.parties) <= self._held:
            assert self.open.wait(20)
        if self._broken in numbers and len(numbers) > 1:
            raise OperationalError("the shared call fails")
        if numbers == [self._broken]:
            raise OperationalError("and so does this one alone")
        return [2 * number for number in numbers]

    def waiting(self, count: int) -> None:
        """Until so many calls stand behind those under way."""
        while len(self.together._waiting) < count:
            threading.Event().wait(0.002)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(64) as threads:
        yield threads


def behind(way: Way, pool: ThreadPoolExecutor, *numbers: int) -> list[Future[int]]:
    """Calls that gather while one is on the way."""
    first = pool.submit(way.together.ask, 0)
    assert way.begun.acquire(timeout=20)
    later = []
    for number in numbers:
        later.append(pool.submit(way.together.ask, number))
        way.waiting(len(later))
    return [first, *later]


def test_a_call_that_finds_nobody_goes_at_once_and_alone():
    way = Way(held=0)
    assert [way.together.ask(number) for number in (3, 4)] == [6, 8]
    assert way.parties == [[3], [4]]


def test_calls_that_come_meanwhile_go_together_and_each_gets_its_own_outcome(pool):
    way = Way()
    calls = behind(way, pool, 1, 2)
    way.open.set()
    assert [call.result(20) for call in calls] == [0, 2, 4]
    assert way.parties == [[0], [1, 2]]


def test_many_do_not_wait_for_the_party_before_them(pool):
    way = Way()
    calls = behind(way, pool, *range(1, ENOUGH))
    calls.append(pool.submit(way.together.ask, ENOUGH))
    assert [call.result(20) for call in calls[1:]] == [2 * number for number in range(1, ENOUGH + 1)]
    assert not calls[0].done()
    way.open.set()
    assert calls[0].result(20) == 0


def test_a_party_and_the_parties_under_way_have_a_most(pool):
    way = Way(held=PARTIES)
    crowd = ENOUGH * PARTIES + 2 * MOST
    with ThreadPoolExecutor(crowd) as threads:
        calls = [threads.submit(way.together.ask, number) for number in range(crowd)]
        for _ in range(PARTIES):
            assert way.begun.acquire(timeout=20)
        way.waiting(1)
        assert len(way.parties) == PARTIES
        way.open.set()
        assert [call.result(20) for call in calls] == [2 * number for number in range(crowd)]
    assert max(map(len, way.parties)) <= MOST
    assert sorted(number for party in way.parties for number in party) == list(range(crowd))


def test_two_calls_with_one_key_never_share_a_party(pool):
    way = Way()
    calls = behind(way, pool, 1, 1001)
    way.open.set()
    assert [call.result(20) for call in calls] == [0, 2, 2002]
    assert way.parties == [[0], [1], [1001]]


def test_where_a_shared_call_fails_each_goes_alone_and_only_its_own_fault_is_told(pool):
    way = Way(broken=2)
    calls = behind(way, pool, 1, 2, 3)
    way.open.set()
    assert [calls[0].result(20), calls[1].result(20), calls[3].result(20)] == [0, 2, 6]
    with pytest.raises(OperationalError, match="this one alone"):
        calls[2].result(20)
    assert way.parties[:2] == [[0], [1, 2, 3]]
    assert sorted(way.parties[2:]) == [[1], [2], [3]]
    assert way.together.ask(5) == 10, "the way is free again"


def test_a_bug_in_the_call_leaves_nobody_standing(pool):
    def run(numbers):
        if 1 in numbers:
            raise ZeroDivisionError
        return list(numbers)

    together: Together[int, int] = Together(run, key=lambda number: number)
    calls = [pool.submit(together.ask, number) for number in (1, 2, 3)]
    with pytest.raises(ZeroDivisionError):
        calls[0].result(20)
    assert [call.result(20) for call in calls[1:]] == [2, 3]
