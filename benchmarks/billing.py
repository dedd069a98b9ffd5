"""How many answers a second can be billed? `python -m benchmarks.billing`, against pgbench on one server.

One answer = hold + settle through the product's own use cases, Python included: four sources, a receipt that
is signed and durable. Uniform over 1,000 sources, and with one hot source in every answer, at 1, 8 and 32
clients, each beside pgbench's TPC-B at as many clients; then the same with commits slowed to 4 ms. Needs
PostgreSQL (DATABASE_URL names the server; two databases of its own are made on it) and pgbench. Measure on a
server where nobody else writes: a writing transaction that stays open, in any of its databases, keeps the old
versions of hot rows in place, and every answer walks over them.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from benchmarks.processors import busy_seconds

BOOKS, TPCB = "deep_voting_billing", "deep_voting_tpcb"
SOURCES, WALLETS, SEATS = 1_000, 256, 4
NAT = 10**9
GOALS = {"uniform": 0.35, "hot": 0.30}
SLOW_GOAL = 0.5
DELAY_MICROSECONDS = 4_000


@dataclass(frozen=True, slots=True)
class World:
    """The accounts of the market that answers are billed in."""

    wallets: tuple[int, ...]
    sources: tuple[tuple[int, int], ...]  # budget, earnings


@dataclass(frozen=True, slots=True)
class Load:
    """What one process of clients measured."""

    answers: int
    milliseconds: tuple[float, ...]
    python_seconds: float  # of processor, of its own process
    busy_seconds: float  # of all processors, whoever used them


def prepare(url: str) -> None:
    """Django on the database of this benchmark; called once in every process, before a model is imported."""
    os.environ["DATABASE_URL"] = url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.conf import settings

    django.setup()
    settings.DATABASES["default"]["CONN_MAX_AGE"] = None


def build() -> World:
    """A thousand sources with wide budgets, and wallets with money."""
    from uuid import uuid4

    from accounting import budgets, wallets
    from accounting.accounts import AccountKind, Asset, open_account

    now = datetime.now(UTC)

    def wallet(number: int) -> int:
        pk: int = open_account(asset=Asset.MICRO_USD, kind=AccountKind.WALLET, label=f"wallet {number}").pk
        wallets.top_up(
            wallet_id=pk,
            amount_micro_usd=10**14,
            operation_id=uuid4(),
            acting_user_label="benchmark",
            now=now,
        )
        return pk

    def source(number: int) -> tuple[int, int]:
        budget = open_account(asset=Asset.NANO_NAT, kind=AccountKind.BUDGET, label=f"budget {number}").pk
        budgets.set_limit(account_id=budget, limit_nano_nats=10**9 * NAT, operation_id=uuid4(), now=now)
        earnings = open_account(asset=Asset.MICRO_USD, kind=AccountKind.EARNINGS, label=f"earner {number}").pk
        return budget, earnings

    return World(tuple(map(wallet, range(WALLETS))), tuple(map(source, range(SOURCES))))


def answer(world: World, rng: random.Random, *, hot: bool) -> None:
    """One answer of 40 tokens, held and settled; returns when its receipt is durable."""
    from accounting import holds, settlement
    from accounting.identifiers import ordered_id
    from accounting.settled import Settled, Usage

    seats = rng.sample(range(1, SOURCES), SEATS - hot) + [0] * hot
    now = datetime.now(UTC)
    hold_id = ordered_id()
    placed = holds.place(
        hold_id=hold_id,
        wallet_id=rng.choice(world.wallets),
        spend_cap_account_ids=(),
        terms=[_terms(world, seat) for seat in seats],
        fee_basis_points=500,
        max_price_micro_usd=None,
        expires_at=now + timedelta(minutes=10),
        now=now,
        detail={"answer_id": str(hold_id), "mode": "open", "model": "benchmark"},
    )

    def body(settled: Settled) -> dict[str, Any]:
        return {"answer_id": str(hold_id), "alpha": 2, "lines": [line.outcome() for line in settled.lines]}

    settlement.settle(
        hold_id=hold_id,
        usage=[Usage(label, 2 * NAT + 7, 2 * NAT) for label in placed.seated],
        tokens_drawn=40,
        tokens_delivered=40,
        receipt=body,
        now=now,
        placed_on=placed.held,
    )


def _terms(world: World, seat: int) -> Any:
    from accounting.terms import SeatTerms

    budget, earnings = world.sources[seat]
    return SeatTerms(
        label=f"source-{seat}",
        budget_account_ids=(budget,),
        earnings_account_id=earnings,
        cap_nano_nats=10 * NAT,
        block_nano_nats=4 * NAT,
        price_micro_usd_per_nat=20,
        floor_micro_usd=0,
        charged_by="measured",
    )


def clients(
    url: str, world: World, *, threads: int, seconds: float, hot: bool, seed: int, ready: Any, out: Any
) -> None:
    """One process with so many client threads; they start together and stop by the clock."""
    prepare(url)
    from django.db import connection

    counts: list[float] = []
    used: list[tuple[float, float]] = []  # before and after, as the first client sees them

    def client(number: int) -> None:
        rng = random.Random(seed * 1000 + number)
        answer(world, rng, hot=hot)  # opens the connection and warms the plans
        ready.wait()
        used.extend([(time.process_time(), busy_seconds())] if number == 0 else [])
        end = time.perf_counter() + seconds
        while (start := time.perf_counter()) < end:
            answer(world, rng, hot=hot)
            counts.append((time.perf_counter() - start) * 1e3)
        used.extend([(time.process_time(), busy_seconds())] if number == 0 else [])
        connection.close()

    running = [threading.Thread(target=client, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    (python, busy), (python_after, busy_after) = used
    out.put(Load(len(counts), tuple(counts), python_after - python, busy_after - busy))


def billed(url: str, world: World, *, count: int, seconds: float, hot: bool, processes: int) -> Load:
    """All clients together, spread over so many serve workers."""
    context = get_context("spawn")
    used = min(processes, count)
    threads = [count // used + (number < count % used) for number in range(used)]
    ready, out = context.Barrier(count), context.Queue()
    running = [
        context.Process(
            target=clients,
            args=(url, world),
            kwargs={"threads": n, "seconds": seconds, "hot": hot, "seed": i, "ready": ready, "out": out},
        )
        for i, n in enumerate(threads)
    ]
    for process in running:
        process.start()
    loads = [out.get(timeout=seconds + 120) for _ in running]
    for process in running:
        process.join()
    return Load(
        sum(load.answers for load in loads),
        tuple(ms for load in loads for ms in load.milliseconds),
        sum(load.python_seconds for load in loads),
        median(load.busy_seconds for load in loads),
    )


class Server:
    """The PostgreSQL server that both are measured on."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.environment = {
            **os.environ,
            "PGHOST": parts.hostname or "127.0.0.1",
            "PGPORT": str(parts.port or 5432),
            "PGUSER": parts.username or "postgres",
            "PGPASSWORD": parts.password or "",
        }
        self.root = url[: url.rindex("/")]
        found = shutil.which("pgbench") or next(
            map(str, Path("/usr/lib/postgresql").glob("*/bin/pgbench")), None
        )
        if found is None:
            raise SystemExit("pgbench is needed (Debian: postgresql-contrib).")
        self.pgbench = found

    def run(self, *command: str) -> str:
        return subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def query(self, sql: str, database: str = "postgres") -> str:
        return self.run("psql", "-XAtq", "-d", database, "-c", sql).strip()

    def make(self, name: str) -> None:
        self.query(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.query(f"CREATE DATABASE {name}")

    def tpcb(self, count: int, seconds: float, *options: str) -> float:
        threads = str(min(count, 2))
        said = self.run(
            self.pgbench, "-n", "-c", str(count), "-j", threads, "-T", str(int(seconds)), *options, TPCB
        )
        found = re.search(r"tps = ([\d.]+)", said)
        assert found, said
        return float(found.group(1))

    def work(self) -> tuple[int, int]:
        """Commits in the books so far, and flushes of the log by the whole server."""
        commits = self.query(f"SELECT xact_commit FROM pg_stat_database WHERE datname = '{BOOKS}'")
        return int(commits), int(self.query("SELECT wal_sync FROM pg_stat_wal"))

    @contextmanager
    def slow_commits(self) -> Iterator[None]:
        """As on a network disk: every flush waits, whoever asks for it."""
        for name in (BOOKS, TPCB):
            self.query(f"ALTER DATABASE {name} SET commit_delay = {DELAY_MICROSECONDS}")
            self.query(f"ALTER DATABASE {name} SET commit_siblings = 0")
        try:
            yield
        finally:
            for name in (BOOKS, TPCB):
                self.query(f"ALTER DATABASE {name} RESET ALL")


def percentile(values: Sequence[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def compare(
    server: Server, world: World, chosen: argparse.Namespace, kinds: Sequence[str], goal: Any
) -> None:
    print(
        f"{'clients':>7} {'load':>8} {'pgbench/s':>10} {'answers/s':>10} {'ratio':>7} {'goal':>6} "
        f"{'p50 ms':>7} {'p99 ms':>7} {'p99/p50':>8} {'commits':>8} {'flushes':>8} "
        f"{'cpu ms':>7} {'python':>7} {'pgbench':>8} {'busy':>5}"
    )
    url = f"{server.root}/{BOOKS}"
    for count in chosen.clients:
        for kind in kinds:
            ratios: list[tuple[float, float, float, Load, float, float, float]] = []
            for _ in range(chosen.rounds):
                busy = busy_seconds()
                base = server.tpcb(count, chosen.seconds)
                busy = busy_seconds() - busy
                before = server.work()
                load = billed(
                    url,
                    world,
                    count=count,
                    seconds=chosen.seconds,
                    hot=kind == "hot",
                    processes=chosen.processes,
                )
                time.sleep(1.5)  # the server's own counters come in late
                after, rate = server.work(), load.answers / chosen.seconds
                done = load.answers + count
                ratios.append(
                    (
                        rate / base,
                        base,
                        rate,
                        load,
                        (after[0] - before[0]) / done,
                        (after[1] - before[1]) / done,
                        busy / (base * int(chosen.seconds)) * 1e3,
                    )
                )
            middle = sorted(ratios, key=lambda one: one[0])[len(ratios) // 2]
            ratio, base, rate, load, commits, flushes, of_pgbench = middle
            fifty, most = median(load.milliseconds), percentile(load.milliseconds, 0.99)
            wanted = goal(kind) if count > 1 else None
            print(
                f"{count:>7} {kind:>8} {base:>10.0f} {rate:>10.0f} {ratio:>6.2f}x "
                f"{'' if wanted is None else f'{wanted:.2f}x':>6} {fifty:>7.1f} {most:>7.1f} "
                f"{most / fifty:>8.1f} {commits:>8.2f} {flushes:>8.2f} "
                f"{load.busy_seconds / load.answers * 1e3:>7.2f} "
                f"{load.python_seconds / load.answers * 1e3:>7.2f} "
                f"{of_pgbench:>8.2f} {load.busy_seconds / chosen.seconds:>5.2f}",
                flush=True,
            )


def round_trips(url: str, world: World) -> float:
    """Statements that one answer sends, each a round trip."""
    prepare(url)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    rng = random.Random(1)
    answer(world, rng, hot=True)
    with CaptureQueriesContext(connection) as seen:
        answer(world, rng, hot=True)
    return len(seen)


def main() -> None:
    """Parse, prepare, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1, help="serve workers")
    parser.add_argument("--scale", type=int, default=100)
    parser.add_argument("--only", choices=["normal", "slow"])
    chosen = parser.parse_args()
    server = Server(os.environ.get("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"))
    url = f"{server.root}/{BOOKS}"
    server.make(BOOKS)
    server.make(TPCB)
    server.run(server.pgbench, "-i", "-q", "-s", str(chosen.scale), TPCB)
    prepare(url)
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    world = build()
    trips = round_trips(url, world)
    connection.close()
    print(
        f"{os.cpu_count()} CPU cores, load {os.getloadavg()[0]:.1f}, {server.query('SHOW server_version')}, "
        f"pgbench scale {chosen.scale}, {SEATS} of {SOURCES} sources an answer, {trips} round trips an answer"
    )
    sections: list[tuple[str, Callable[[], Any], Sequence[str], Callable[[str], float]]] = []
    if chosen.only != "slow":
        sections.append(("Default durability", _as_it_is, ("uniform", "hot"), GOALS.__getitem__))
    if chosen.only != "normal":
        slow = f"Commits slowed to {DELAY_MICROSECONDS / 1000:g} ms"
        sections.append((slow, server.slow_commits, ("hot",), lambda _kind: SLOW_GOAL))
    for title, around, kinds, goal in sections:
        print(
            f"\n{title} (commits and flushes are per answer; cpu ms: all processors, an answer;\n"
            "python: its part; pgbench: all of one of its transactions; busy: cores during answers)"
        )
        with around():
            compare(server, world, chosen, kinds, goal)
    for name in (BOOKS, TPCB):
        server.query(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


if __name__ == "__main__":
    main()
