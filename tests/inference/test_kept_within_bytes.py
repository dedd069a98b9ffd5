"""What is kept in memory: within its bytes, loaded once for all who wait, never in anybody's way."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from inference.kept import Kept

PATIENCE = 30.0  # seconds until a test that hangs fails


class Thing:
    """Of a size."""

    def __init__(self, name: str, nbytes: int = 10) -> None:
        self.name = name
        self.nbytes = nbytes


def made(name: str, nbytes: int = 10) -> Callable[[], Thing]:
    return lambda: Thing(name, nbytes)


def not_called() -> Thing:
    raise AssertionError("it is kept already")


def test_what_is_kept_is_not_loaded_again():
    kept = Kept(most_bytes=100)
    first = kept.get("a", made("a"))
    assert kept.get("a", not_called) is first
    assert (len(kept), kept.nbytes) == (1, 10)


def test_the_least_used_goes_when_the_bytes_are_full():
    kept = Kept(most_bytes=25)
    for name in ("a", "b"):
        kept.get(name, made(name))
    kept.get("a", not_called)
    kept.get("c", made("c"))
    assert ["a" in kept, "b" in kept, "c" in kept] == [True, False, True]
    assert kept.nbytes == 20


def test_a_large_thing_sends_away_as_many_as_it_takes():
    kept = Kept(most_bytes=40)
    for name in "abcd":
        kept.get(name, made(name))
    kept.get("large", made("large", 35))
    assert (len(kept), kept.nbytes, "large" in kept) == (1, 35, True)


def test_what_somebody_holds_stays_although_it_was_used_least_and_goes_once_nobody_does():
    kept = Kept(most_bytes=20)
    held = kept.get("held", made("held"))
    for name in "abc":
        kept.get(name, made(name))
    assert kept.get("held", not_called) is held
    assert kept.nbytes == 20
    del held
    for name in "de":
        kept.get(name, made(name))
    assert "held" not in kept


def test_bytes_in_use_count_and_leave_less_for_the_others():
    kept = Kept(most_bytes=20)
    held = [kept.get(name, made(name)) for name in "abc"]
    assert kept.nbytes == 30
    kept.get("d", made("d"))
    kept.get("e", made("e"))
    assert "d" not in kept
    assert [kept.get(one.name, not_called) for one in held] == held


def test_all_who_ask_at_the_same_moment_get_one_load():
    kept, loads, opened = Kept(most_bytes=100), [], threading.Event()

    def slow() -> Thing:
        loads.append(threading.get_ident())
        assert opened.wait(PATIENCE)
        return Thing("a")

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(kept.get, "a", slow) for _ in range(8)]
        opened.set()
        things = {id(one.result(PATIENCE)) for one in asked}
    assert (len(loads), len(things)) == (1, 1)


def test_a_slow_load_keeps_nobody_else_waiting():
    kept, begun, goes_on = Kept(most_bytes=100), threading.Event(), threading.Event()

    def slow() -> Thing:
        begun.set()
        assert goes_on.wait(PATIENCE)
        return Thing("slow")

    kept.get("here", made("here"))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(kept.get, "slow", slow)
        assert begun.wait(PATIENCE)
        assert kept.get("here", not_called).name == "here"
        assert kept.get("new", made("new")).name == "new"
        assert not waiting.done()
        goes_on.set()
        assert waiting.result(PATIENCE).name == "slow"


def test_a_failed_load_is_told_to_all_who_waited_and_tried_anew_by_the_next():
    kept, begun, goes_on = Kept(most_bytes=100), threading.Event(), threading.Event()

    def fails() -> Thing:
        begun.set()
        assert goes_on.wait(PATIENCE)
        raise OSError("no such disk")

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(kept.get, "a", fails)]
        assert begun.wait(PATIENCE)
        asked.append(pool.submit(kept.get, "a", fails))
        goes_on.set()
        for one in asked:
            with pytest.raises(OSError, match="no such disk"):
                one.result(PATIENCE)
    assert kept.get("a", made("a")).name == "a"


def test_many_threads_over_few_bytes_always_get_what_they_asked_for():
    kept = Kept(most_bytes=35)

    def ask(number: int) -> bool:
        name = str(number * 7919 % 11)
        return kept.get(name, made(name)).name == name

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(4_000)))
    kept.get("last", made("last"))
    assert kept.nbytes <= 35
    assert kept.nbytes == 10 * len(kept)
