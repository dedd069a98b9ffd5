"""Does an answer cost more as the books grow? `python -m benchmarks.history`, 1e4 against 1e6 past transfers.

One answer = hold + settle with four sources, as in `benchmarks.billing`. Two databases of their own are made
on the server of DATABASE_URL, filled with copies of real answers by SQL (triggers off for the filling only),
and measured in turns within one run. Goal: at most 1.2 times the time with the longer history.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from statistics import median

from benchmarks.billing import Server, World, answer, build, prepare
from benchmarks.history_rows import copy_the_past

GOAL = 1.2
TEMPLATE_ANSWERS = 200
NAMES = {"few": "deep_voting_history_few", "many": "deep_voting_history_many"}


def fill(url: str, transfers: int) -> None:
    """The market, some real answers, and copies of them until there are so many transfers."""
    prepare(url)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    world = build()
    rng = random.Random(1)

    def answer_some() -> None:
        for _ in range(TEMPLATE_ANSWERS):
            answer(world, rng, hot=False)

    copy_the_past(answer_some, transfers)
    print(json.dumps(asdict(world)))


def serve(url: str, answers: int) -> None:
    """Measures on request: a line in, the milliseconds of each answer out."""
    prepare(url)
    world = World(**json.loads(sys.stdin.readline()))
    rng = random.Random(2)
    for _ in range(30):
        answer(world, rng, hot=False)
    print("ready", flush=True)
    for _line in sys.stdin:
        taken = []
        for _ in range(answers):
            start = time.perf_counter()
            answer(world, rng, hot=False)
            taken.append((time.perf_counter() - start) * 1e3)
        print(json.dumps(taken), flush=True)


@contextmanager
def measurer(url: str, world: str, answers: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.history", "--serve", url, "--answers", str(answers)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(world)
        process.stdin.flush()
        assert process.stdout.readline().strip() == "ready"
        yield process
        process.stdin.close()


def measured(process: subprocess.Popen[str]) -> list[float]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    taken: list[float] = json.loads(process.stdout.readline())
    return taken


def compare(chosen: argparse.Namespace) -> float:
    server = Server(os.environ.get("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"))
    sizes = {"few": chosen.few, "many": chosen.many}
    worlds = {}
    for which, name in NAMES.items():
        server.make(name)
        command = [sys.executable, "-m", "benchmarks.history", "--fill", f"{server.root}/{name}"]
        done = subprocess.run(
            [*command, "--transfers", str(sizes[which])], check=True, stdout=subprocess.PIPE, text=True
        )
        worlds[which] = done.stdout.splitlines()[-1] + "\n"
        server.query("VACUUM ANALYZE", name)
    server.query("CHECKPOINT")
    taken: dict[str, list[float]] = {which: [] for which in NAMES}
    urls = {which: f"{server.root}/{name}" for which, name in NAMES.items()}
    with (
        measurer(urls["few"], worlds["few"], chosen.answers) as few,
        measurer(urls["many"], worlds["many"], chosen.answers) as many,
    ):
        for number in range(chosen.rounds):
            pair = [("few", few), ("many", many)]
            for which, process in pair if number % 2 else reversed(pair):
                taken[which] += measured(process)
    for which, name in NAMES.items():
        size = server.query("SELECT pg_size_pretty(pg_database_size(current_database()))", name)
        count = server.query("SELECT count(*) FROM accounting_transfer", name)
        middle = median(taken[which])
        print(f"{count:>9} transfers, {size:>8}: {middle:6.2f} ms an answer (median of {len(taken[which])})")
    if not chosen.keep:
        for name in NAMES.values():
            server.query(f"DROP DATABASE {name} WITH (FORCE)")
    return median(taken["many"]) / median(taken["few"])


def main() -> None:
    """Parse, fill, measure in turns, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--answers", type=int, default=100, help="of each history, in each round")
    parser.add_argument("--keep", action="store_true", help="leave the two databases")
    parser.add_argument("--fill", help=argparse.SUPPRESS)
    parser.add_argument("--transfers", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.fill:
        fill(chosen.fill, chosen.transfers)
    elif chosen.serve:
        serve(chosen.serve, chosen.answers)
    else:
        print(f"ratio {compare(chosen):.2f}x, goal at most {GOAL}x")


if __name__ == "__main__":
    main()
