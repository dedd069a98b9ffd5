"""SIGKILL of the whole database server in mid-load: no acknowledged settlement is missing afterwards.

A settlement is acknowledged when `settle` has returned. The server runs with default durability; only its
background log writer is stopped, so that nothing gets to disk by luck. The same with the barrier removed must
lose some: otherwise this proof would show nothing.
"""

import os
import signal
from contextlib import suppress

import pytest

from tests.proofs.books import Books
from tests.proofs.model import NAT
from tests.proofs.reckoning import Reckoning
from tests.proofs.scene import Scene
from tests.proofs.size import sized

pytestmark = [pytest.mark.servers, pytest.mark.cluster, pytest.mark.timeout(sized(300, 3600))]
OPTIONS = {"wal_writer_delay": "10s", "wal_buffers": "64MB"}  # so much log is never full before the kill
PROCESSES, THREADS = 4, 4
OWNERS = ["ada", "ben", "eve", "kim"]
ENOUGH = sized(60, 600)


def scene(**changes) -> Scene:
    chosen = {
        "wallets": {"buyer": 10**12},
        "limits": {**dict.fromkeys(OWNERS, 10**6 * NAT), "key": 10**12},
        "owners": OWNERS,
        "hot": ["ada"],
        "caps": ["key"],
        "answers": 10_000,
        "blocks": 0,
    }
    return Scene(**{**chosen, **changes})


def after_a_crash(books: Books, *, seed: int, without_barrier: bool) -> Reckoning:
    """Clients hold and settle until the server and they are killed; then the server comes back."""
    books.open(scene(without_barrier=without_barrier))
    books.cluster.stop_the_log_writer()
    with books.load(processes=PROCESSES, threads=THREADS, seed=seed) as pids:
        books.wait_until_told("settled", ENOUGH)
        books.cluster.kill()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    books.cluster.start()
    return books.reckon()


@pytest.mark.parametrize("seed", range(1, sized(2, 9)))
def test_no_acknowledged_settlement_is_missing_after_a_crash(books: Books, seed):
    found = after_a_crash(books, seed=seed, without_barrier=False)
    assert found.counts["settled"] >= ENOUGH
    assert (found.lost_settlements, found.lost_holds) == ([], [])
    assert (found.problems, found.breaches) == ([], [])


def test_without_the_barrier_the_same_crash_loses_acknowledged_settlements(books: Books):
    found = after_a_crash(books, seed=0, without_barrier=True)
    assert found.counts["settled"] >= ENOUGH
    assert found.lost_settlements != []
    assert found.breaches == [], "what is left is sound: the log is lost from its end only"


def test_clients_that_ask_again_after_a_crash_find_their_first_outcomes(books: Books):
    """Top-ups and watermarks included; an end that was written but not told is told now."""
    books.open(scene(blocks=1, answers=sized(12, 100), repeated_share=0.3))
    with books.load(processes=PROCESSES, threads=THREADS, seed=99):
        for part in range(1, sized(3, 9)):
            books.wait_until_told("settled", part * ENOUGH)
            books.cluster.kill()
            books.cluster.start()
    found = books.reckon()
    assert found.counts["reconnected"] > 0
    assert found.ended == {"settled": PROCESSES * THREADS * sized(12, 100)}
    assert (found.problems, found.breaches) == ([], [])
    assert (found.lost_settlements, found.lost_holds) == ([], [])
