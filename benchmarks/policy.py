"""How long is a query admitted? `python -m benchmarks.policy`, over 100, 10,000 and 100,000 live sources.

A market per size with policies from a dozen templates, no two alike, on a PostgreSQL database of its own
(DATABASE_URL names the server). A mix of consumers, purposes and selections is admitted as an engine does
it, everything included: the policies that changed since the last query, all policies as arrays, the named
sources and a shortlist of 64 as objects, their budgets. Beside it every policy is evaluated in Python,
parsed and in memory already, and both must say the same of every source; that time is compared with the
arrays alone, which answer the same, and with the whole admission. The 64 are drawn evenly from all allowed
sources, which is the worst case for what is kept of earlier queries. Goals: p95 under 10 ms at 10,000 and
under 50 ms at 100,000, and at least 50 times faster than evaluating every policy there.
"""

import argparse
import gc
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import policy_market
from benchmarks.billing import Server, percentile, prepare
from benchmarks.policy_market import CONSUMERS, CORE, NOW, consumer
from benchmarks.timing import milliseconds

DATABASE = "deep_voting_policy"
SHORTLIST = 64
PURPOSES = ("research", "academic-research", "medical-research", "teaching", "commercial", "advertising",
            "journalism", "software-development", "personal", "evaluation")  # fmt: skip
GOALS = {10_000: "10 ms", 100_000: "50 ms"}
COLUMNS = (
    ("sources", 8), ("allowed", 9), ("warm-up s", 11), ("MiB", 6), ("statements", 12), ("p50 ms", 8),
    ("p95 ms", 8), ("goal", 7), ("after a change", 16), ("arrays p50", 12), ("arrays p95", 12),
    ("Python ms", 11), ("arrays are", 12), ("all of it is", 14),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ask:
    """One query of the mix."""

    consumer: str
    purpose: str
    mode: str
    only: tuple[str, ...] | None
    ignore: tuple[str, ...]
    gamma: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one size: seconds, mebibytes, milliseconds."""

    sources: int
    warm_up_seconds: float
    mebibytes: float
    admission_p50: float
    admission_p95: float
    policies_p50: float
    policies_p95: float
    change_p50: float
    python_p50: float
    statements: int
    allowed: int


def mix(rng: random.Random, sources: int, public: list[str]) -> Ask:
    """Mostly open questions to all; some name a few sources."""
    who = consumer(rng.randrange(CONSUMERS))
    kind = rng.choices(("all", "ignore", "gamma", "only", "private"), weights=(75, 10, 5, 7, 3))[0]
    named = tuple(sorted(rng.sample(public, min(4, sources)))) if kind != "all" else ()
    return Ask(
        consumer=who,
        purpose=rng.choice(PURPOSES),
        mode="private" if kind == "private" else "open",
        only=named if kind in {"only", "private"} else None,
        ignore=named if kind == "ignore" else (),
        gamma=named if kind == "gamma" else (),
    )


def measure(url: str, sources: int, *, queries: int, evaluations: int) -> Figures:
    prepare(url)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from marketplace import admission
    from marketplace.models import Organisation, Source

    rng = random.Random(7)
    organisations = {one.slug: one for one in Organisation.objects.filter(slug__startswith="consumer-")}
    public = list(
        Source.objects.filter(visibility="public").order_by("pk").values_list("slug", flat=True)[:2_000]
    )
    asked = [mix(rng, sources, public) for _ in range(queries)]
    gc.collect()
    before = resident_mebibytes()
    start = time.perf_counter()
    admission.warm_up()
    warm_up_seconds = time.perf_counter() - start
    gc.collect()
    mebibytes = resident_mebibytes() - before
    whole = [milliseconds(partial(admit, organisations, ask)) for ask in asked]
    with CaptureQueriesContext(connection) as seen:
        admit(organisations, asked[0])
    alone = [policies_alone(organisations, ask) for ask in asked]
    changed = [milliseconds(change) for change in changes(rng, sources, organisations, asked)]
    python, allowed = side_by_side(organisations, asked, evaluations)
    return Figures(
        sources=sources,
        warm_up_seconds=warm_up_seconds,
        mebibytes=mebibytes,
        admission_p50=median(whole),
        admission_p95=percentile(whole, 0.95),
        policies_p50=median(alone),
        policies_p95=percentile(alone, 0.95),
        change_p50=median(changed),
        python_p50=median(python),
        statements=len(seen),
        allowed=int(median(allowed)),
    )


def admit(organisations: Any, ask: Ask) -> Any:
    """One query, as an engine admits it; which 64 are worth a closer look is not the policies' business."""
    from marketplace.admission import admit as admitted

    return admitted(
        consumer=organisations[ask.consumer],
        purpose=ask.purpose,
        mode=ask.mode,  # type: ignore[arg-type]
        now=NOW,
        only=ask.only,
        ignore=ask.ignore,
        gamma=ask.gamma,
        core_digest=CORE,
        narrow=any_of_them,
    )


def any_of_them(allowed: Any) -> Any:
    import numpy as np

    count = len(allowed.source_ids)
    if count <= SHORTLIST:
        return allowed.source_ids
    return allowed.source_ids[np.random.default_rng(count).choice(count, SHORTLIST, replace=False)]


def policies_alone(organisations: Any, ask: Ask) -> float:
    """Milliseconds of the arrays only, for a question to all sources."""
    from marketplace.compiled.kept import KEPT

    asked = asked_of(organisations, ask)
    with KEPT.index() as index:
        return milliseconds(lambda: index.allowed(asked))


def asked_of(organisations: Any, ask: Ask) -> Any:
    from marketplace.admission import request_of
    from marketplace.agreement_use import NO_APPROVALS
    from marketplace.compiled.index import Asked

    one = organisations[ask.consumer]
    return Asked(
        request=request_of(one, ask.purpose, ask.mode, NOW),  # type: ignore[arg-type]
        consumer_id=one.pk,
        core_digest=CORE,
        approvals=NO_APPROVALS,
        named=frozenset(),
        only_named=False,
    )


def changes(
    rng: random.Random, sources: int, organisations: Any, asked: list[Ask]
) -> Iterator[Callable[[], object]]:
    """A query right after an owner has suspended or resumed a source: the change is committed before."""
    from marketplace.models import Source

    for ask in asked[:30]:
        state = rng.choice(("live", "suspended"))
        Source.objects.filter(pk=rng.randint(1, sources)).update(state=state)
        yield partial(admit, organisations, ask)


def side_by_side(organisations: Any, asked: list[Ask], evaluations: int) -> tuple[list[float], list[int]]:
    """Every policy evaluated in Python, and the same verdicts from the arrays."""
    from marketplace.compiled.kept import KEPT
    from marketplace.compiled.rows import every_row
    from marketplace.policy.plain import parse

    market = [(row, parse(row.plain) if row.plain else None) for row in every_row()]
    taken, counts = [], []
    for ask in asked[:evaluations]:
        every = asked_of(organisations, ask)
        start = time.perf_counter()
        allowed, denied = in_python(market, every)
        taken.append((time.perf_counter() - start) * 1e3)
        with KEPT.index() as index:
            found = index.allowed(every)
        assert set(found.source_ids.tolist()) == allowed, ask
        assert dict(found.denied) == denied, ask
        counts.append(len(allowed))
    return taken, counts


def in_python(market: list[Any], asked: Any) -> tuple[set[int], dict[str, int]]:
    """As admission did before there was an index: one source after another."""
    allowed: set[int] = set()
    denied = Counter[str]()
    for row, policy in market:
        rule = _rule(row, policy, asked)
        if rule == "":
            allowed.add(row.source_id)
        elif rule is not None:
            denied[rule] += 1
    return allowed, dict(denied)


def _rule(row: Any, policy: Any, asked: Any) -> str | None:
    """The rule that says no; empty for yes, None for what the consumer may not know of."""
    from marketplace import visibility
    from marketplace.policy.request import Deny

    about = {"visibility": row.visibility, "state": row.state, "has_agreement": False}
    own = row.owner_id == asked.consumer_id
    if row.state == "withdrawn" or not visibility.is_visible(**about, is_own=own):
        return None
    if not visibility.is_open(**about, is_own=own):
        return "agreement"
    if row.state == "suspended":
        return "suspended"
    if policy is None:
        return "no_policy"
    answer = policy.verify(asked.request)
    if isinstance(answer, Deny):
        return answer.rule
    if not row.is_ready:
        return "no_partition"
    if row.core_digest != asked.core_digest:
        return "partition_unavailable"
    return "" if row.votes else "partition_quality"


def resident_mebibytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def fill(url: str, sources: int) -> None:
    prepare(url)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    policy_market.build(sources)


def of_size(server: Server, sources: int, chosen: argparse.Namespace) -> Figures:
    """A process of its own for the filling and one for the measuring, so that memory is the index's."""
    server.make(DATABASE)
    command = [sys.executable, "-m", "benchmarks.policy", "--sources", str(sources)]
    subprocess.run([*command, "--fill"], check=True)
    server.query("VACUUM ANALYZE", DATABASE)
    server.query("CHECKPOINT")
    done = subprocess.run(
        [*command, "--measure", "--queries", str(chosen.queries), "--evaluations", str(chosen.evaluations)],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    server.query(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def compare(server: Server, chosen: argparse.Namespace) -> None:
    print(
        f"{os.cpu_count()} CPU cores, load {os.getloadavg()[0]:.1f}, PostgreSQL "
        f"{server.query('SHOW server_version')}, {chosen.queries} queries of {CONSUMERS} consumers a size"
    )
    print("".join(f"{title:>{width}}" for title, width in COLUMNS))
    widths = [width for _, width in COLUMNS]
    for sources in chosen.sources:
        one = of_size(server, sources, chosen)
        cells = (
            f"{one.sources:,}", f"{one.allowed:,}", f"{one.warm_up_seconds:.1f}", f"{one.mebibytes:.0f}",
            f"{one.statements}", f"{one.admission_p50:.1f}", f"{one.admission_p95:.1f}",
            GOALS.get(sources, ""), f"{one.change_p50:.1f}", f"{one.policies_p50:.2f}",
            f"{one.policies_p95:.2f}", f"{one.python_p50:.1f}", f"{one.python_p50 / one.policies_p50:.0f}x",
            f"{one.python_p50 / one.admission_p50:.0f}x",
        )  # fmt: skip
        print("".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)), flush=True)


def main() -> None:
    """Parse, fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sources", type=int, nargs="+", default=[100, 10_000, 100_000])
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--evaluations", type=int, default=12, help="queries that Python evaluates too")
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    root = os.environ.get("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres").rpartition("/")[0]
    url, size = f"{root}/{DATABASE}", chosen.sources[0]
    if chosen.fill:
        fill(url, size)
    elif chosen.measure:
        figures = measure(url, size, queries=chosen.queries, evaluations=chosen.evaluations)
        print(json.dumps(asdict(figures)))
    else:
        compare(Server(f"{root}/postgres"), chosen)


if __name__ == "__main__":
    main()
