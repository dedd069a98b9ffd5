"""64 real connections on one nearly exhausted budget: nothing is overspent or lost, nobody sees a deadlock.

Also with clients and database connections killed on the way. Afterwards the clock moves past every expiry,
and what the clients' journals say is compared with every account.
"""

import os
import random
import signal
import time
from contextlib import suppress

import psutil
import pytest

from tests.proofs.books import Books
from tests.proofs.model import NAT
from tests.proofs.reckoning import Reckoning
from tests.proofs.scene import Scene
from tests.proofs.size import sized

pytestmark = [pytest.mark.servers, pytest.mark.cluster, pytest.mark.timeout(sized(300, 3600))]
OWNERS = ["ada", "ben", "eve", "kim", "lea", "max"]
PROCESSES, THREADS = 8, 8


def crowded(**changes) -> Scene:
    """One budget that ends in the middle of the load; a wallet and a spend cap that never do."""
    limits = {**dict.fromkeys(OWNERS, 5_000 * NAT), "ada": sized(300, 3_000) * NAT + 7, "key": 10**12}
    chosen = {
        "wallets": {"buyer": 10**12},
        "limits": limits,
        "owners": OWNERS,
        "hot": ["ada"],
        "caps": ["key"],
        "answers": sized(3, 60),
        "pause_seconds": 0.02,
    }
    return Scene(**{**chosen, **changes})


def require_sound(found: Reckoning) -> None:
    assert (found.problems, found.breaches) == ([], [])
    assert (found.lost_settlements, found.lost_holds) == ([], [])


def test_a_nearly_exhausted_budget_gives_all_that_it_has_and_not_a_nano_nat_more(books: Books):
    books.open(crowded(hot=["ada"]))
    with books.load(processes=PROCESSES, threads=THREADS, seed=1) as pids:
        assert len(pids) == PROCESSES
    found = books.reckon()
    require_sound(found)
    assert found.counts["topped"] > PROCESSES * THREADS
    assert found.ended == {"settled": PROCESSES * THREADS * sized(3, 60)}
    assert found.left["ada"] is not None
    assert found.left["ada"] < NAT, "less than a block is left"
    assert found.deadlocks == 0


def test_sources_in_random_order_with_clients_who_leave_keep_every_nat_accounted_for(books: Books):
    books.open(crowded(hot=[], abandoned_share=0.3))
    with books.load(processes=PROCESSES, threads=THREADS, seed=2):
        pass
    found = books.reckon()
    require_sound(found)
    assert set(found.ended) == {"settled", "expired", "voided"}
    assert found.deadlocks == 0


def test_clients_killed_with_their_process_lose_nothing(books: Books):
    books.open(crowded(hot=["ada"], answers=sized(6, 60)))
    chance = random.Random(3)
    with books.load(processes=PROCESSES, threads=THREADS, seed=3) as pids:
        books.wait_until_told("placed", PROCESSES * THREADS)
        for pid in chance.sample(pids, PROCESSES - 2):
            os.kill(pid, signal.SIGKILL)
            time.sleep(0.3 * chance.random())
    found = books.reckon()
    require_sound(found)
    assert found.ended["expired"] >= PROCESSES - 2, "holds were left behind, and ended by their watermark"
    assert found.ended["settled"] > 0


def test_clients_whose_connections_are_terminated_ask_again_and_lose_nothing(books: Books):
    books.open(crowded(hot=["ada"]))
    chance = random.Random(4)
    with books.load(processes=PROCESSES, threads=THREADS, seed=4):
        for _ in range(sized(12, 200)):
            time.sleep(0.1 * chance.random())
            victims = books.cluster.backends()
            books.cluster.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND pid <> pg_backend_pid() ORDER BY random() LIMIT 4"
            )
            assert victims
    found = books.reckon()
    require_sound(found)
    assert found.counts["reconnected"] > 0


def test_database_processes_killed_with_sigkill_lose_nothing_that_was_acknowledged(books: Books):
    """The server restarts all of its processes then; everybody asks again."""
    books.open(crowded(hot=["ada"]))
    chance = random.Random(5)
    with books.load(processes=PROCESSES, threads=THREADS, seed=5):
        for _ in range(sized(3, 40)):
            time.sleep(0.3 + chance.random())
            with suppress(psutil.NoSuchProcess, IndexError):
                chance.choice(books.cluster.backends()).kill()
            books.cluster.wait_until_it_answers()
    found = books.reckon()
    require_sound(found)
    assert found.counts["reconnected"] > 0
