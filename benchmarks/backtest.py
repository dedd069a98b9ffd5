"""Seconds and memory of a back-test over 90 days, at 10,000 and at 100,000 answers.

    .venv/bin/python -m benchmarks.backtest [--database postgres://...] [--sizes 10000 100000] [--profile]

Makes a database of its own (SQLite in a temporary folder, or one beside the named one, dropped at the end),
fills it with answers of many organisations, and replays them against drafts, each in this process: one that
only changes prices, and one with a lifetime, rolling and calendar windows and a narrower purpose.
"""

import argparse
import time
import tracemalloc
import uuid
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from benchmarks.own_database import own_database

DAYS = 90
ORGANISATIONS = 50
A_BATCH = 5000
OPEN: dict[str, Any] = {
    "purposes": {"allow": ["*"]},
    "consumers": {"allow": ["*"]},
    "price_micro_usd_per_nat": 20,
}
DRAFTS: dict[str, dict[str, Any]] = {
    "other prices": {**OPEN, "price_micro_usd_per_nat": 35, "floor_price_micro_usd": 5},
    "windows and purposes": {
        **OPEN,
        "purposes": {"allow": ["research"], "deny": ["market-research"]},
        "influence_nats": {
            "per_answer": 3,
            "lifetime": 10**6,
            "windows": [
                {"per": "day", "kind": "rolling", "consumers": "each", "nats": 30},
                {"per": "month", "kind": "calendar", "consumers": "all", "nats": 50_000},
            ],
        },
    },
}
PURPOSES = ("research", "market-research", "teaching", "academic-research")


def fill(answers: int, now: datetime) -> Any:
    """A source with so many answers over the last 90 days, and the counts of requests that it refused."""
    from django.utils import timezone

    from accounting.models import Hold, Receipt, ReceiptLine
    from benchmarks.statement_rows import without_rules
    from marketplace import organisations, publishing, registration
    from marketplace.models import RequestCount, User

    user = User.objects.create_user(f"owner-{answers}")
    made = [
        organisations.create_organisation(
            slug=f"organisation-{answers}-{number}", name="One", acting_user=user, now=timezone.now()
        )
        for number in range(ORGANISATIONS)
    ]
    source = registration.register_source(
        organisation=made[0], slug=f"almanac-{answers}", title="Almanac", description="", license="",
        acting_user=user, now=now - timedelta(days=100),
    )  # fmt: skip
    publishing.publish_policy(
        source=source, plain=OPEN | {"purposes": {"allow": ["education"]}}, acting_user=user,
        now=now - timedelta(days=100),
    )  # fmt: skip
    source.refresh_from_db()
    with without_rules():
        numbers = iter(range(answers))
        while batch := list(islice(numbers, A_BATCH)):
            rows = [_answer(number, answers, made, source, now) for number in batch]
            Hold.objects.bulk_create(hold for hold, _, _ in rows)
            Receipt.objects.bulk_create(receipt for _, receipt, _ in rows)
            ReceiptLine.objects.bulk_create(line for _, _, line in rows)
    RequestCount.objects.bulk_create(
        RequestCount(
            day=(now - timedelta(days=day)).date(), consumer=one, purpose=purpose, mode="open",
            output="answer", count=3,
        )
        for day in range(DAYS)
        for one in made
        for purpose in PURPOSES
    )  # fmt: skip
    return source


def _answer(number: int, answers: int, made: list[Any], source: Any, now: datetime) -> tuple[Any, Any, Any]:
    from accounting.models import Hold, HoldState, Receipt, ReceiptLine

    at = now - timedelta(days=DAYS - 1) * (1 - number / answers)
    wallet = made[number % ORGANISATIONS].wallet_account_id
    nats = (number % 7 + 1) * 10**9
    hold = Hold(
        id=uuid.uuid4(), digest="0" * 64, wallet_id=wallet, state=HoldState.SETTLED, held_micro_usd=200,
        fee_basis_points=500, tokens_drawn=40, tokens_delivered=40, created_at=at, expires_at=at, ended_at=at,
        detail={"answer_id": str(uuid.uuid4()), "mode": "open", "model": "tiny",
                "purpose": PURPOSES[number % len(PURPOSES)]},
    )  # fmt: skip
    receipt = Receipt(
        id=uuid.uuid4(), hold=hold, wallet_id=wallet, issued_at=at, jws="x" * 2000,
        charges_micro_usd=20 * nats // 10**9, fee_micro_usd=1, total_micro_usd=20 * nats // 10**9 + 1,
    )  # fmt: skip
    line = ReceiptLine(
        receipt=receipt, label=source.slug, earnings_account_id=source.earnings_account_id, nano_nats=nats,
        drawn_nano_nats=nats, charge_micro_usd=20 * nats // 10**9, floor_top_up_micro_usd=0, issued_at=at,
    )  # fmt: skip
    return hold, receipt, line


def measure(source: Any, draft: dict[str, Any], now: datetime, *, profile: bool) -> str:
    from marketplace.backtest.run import backtest
    from marketplace.publishing import read_policy

    policy = read_policy(draft)
    backtest(source=source, draft=policy, days=1, now=now)  # modules, plans and caches
    start, busy = time.perf_counter(), time.process_time()
    result = backtest(source=source, draft=policy, days=DAYS, now=now)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    if profile:
        import cProfile

        cProfile.runctx(
            "backtest(source=source, draft=policy, days=DAYS, now=now)",
            globals(),
            {**locals()},
            sort="tottime",
        )
    tracemalloc.start()
    backtest(source=source, draft=policy, days=DAYS, now=now)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    total = result.total
    return (
        f"{seconds:>6.2f} s ({busy:.2f} s of this processor)   {peak / 2**20:>5.1f} MiB at most   "
        f"refused {total.refused:,}, cut {total.limited:,}, would be considered {total.considered:,}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--database", default="", help="a PostgreSQL server; SQLite when left out")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--profile", action="store_true", help="where the time goes")
    given = parser.parse_args()
    with own_database(given.database, "backtest"):
        from django.utils import timezone

        for size in given.sizes:
            now = timezone.now()
            source = fill(size, now)
            for name, draft in DRAFTS.items():
                said = measure(source, draft, now, profile=given.profile)
                print(f"{size:>9,} answers, {name:<21} {said}", flush=True)


if __name__ == "__main__":
    main()
