"""How long does the catalogue take, with 1,000 and with 100,000 sources?

    .venv/bin/python -m benchmarks.catalogue [--database postgres://...] [--sizes 1000 100000]

Makes a database of its own (SQLite in a temporary folder, or one beside the named one, dropped at the end)
and asks the catalogue as its page does, as a stranger: a page of cards with all facets and counts; p50 and
p95 of each kind of question, in turns. Then finds the near-duplicate of a new version among as many sketches.
"""

import argparse
import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from benchmarks.own_database import own_database

SIZES = (1_000, 100_000)
ROUNDS = 40
TITLES = [
    "notes",
    "field",
    "alpine",
    "harbour",
    "tide",
    "tables",
    "essays",
    "plants",
    "archive",
    "court",
    "letters",
    "parish",
    "birds",
    "weather",
    "diary",
    "songs",
    "ferries",
    "bridges",
    "vaccines",
    "rivers",
    "maps",
    "census",
    "ledgers",
    "kitchens",
    "violins",
    "whales",
    "glaciers",
    "meadows",
    "elections",
]
LICENSES = ("CC-BY-4.0", "CC0-1.0", "CC-BY-SA-4.0", "MIT", "Own terms", "")
QUESTIONS = {
    "first page": "",
    "a rare word": "q=glaciers+sonnet4211",
    "a common word": "q=notes",
    "a word and three facets": "q=harbour&topic=health&quoting=yes&price=low",
    "two facets": "topic=transport&license=MIT",
    "by title": "sort=title",
    "cheapest": "sort=cheapest",
}


def fill(until: int) -> None:
    """Sources, policies, versions and catalogue rows, straight into their tables."""
    from django.utils import timezone

    from marketplace.catalogue import entries
    from marketplace.catalogue.topics import TOPICS
    from marketplace.models import Organisation, PolicyVersion, Source, SourceState, User
    from marketplace.policy import plain

    now, draw = timezone.now(), random.Random(until)
    user, _ = User.objects.get_or_create(username="owner")
    if not Organisation.objects.exists():
        Organisation.objects.bulk_create(
            Organisation(slug=f"o{n}", name=f"Owner {n}", wallet_account_id=n, created_at=now)
            for n in range(200)
        )
    owners = list(Organisation.objects.filter(slug__startswith="o")[:200])
    start = Source.objects.count()
    policies = [_policy(draw) for _ in range(200)]
    digests = [plain.digest(one) for one in policies]
    for first in range(start, until, 5_000):
        numbers = range(first, min(first + 5_000, until))
        made = Source.objects.bulk_create(
            Source(
                organisation=owners[n % len(owners)], slug=f"s{n}", state=SourceState.LIVE,
                title=" ".join(draw.sample(TITLES, 3)).capitalize() + f" {n}",
                description=" ".join(draw.choices(TITLES, k=40)) + f" sonnet{n % 5_000}",
                license=draw.choice(LICENSES), topics=draw.sample(sorted(TOPICS), 2),
                visibility="listed_on_request" if n % 20 == 0 else "private" if n % 20 == 1 else "public",
                budget_account_id=3 * n, privacy_account_id=3 * n + 1, earnings_account_id=3 * n + 2,
                created_at=now - timedelta(minutes=n),
            )
            for n in numbers
        )  # fmt: skip
        versions = PolicyVersion.objects.bulk_create(
            PolicyVersion(
                source=source, number=1, plain=policies[source.pk % 200], digest=digests[source.pk % 200],
                regime=policies[source.pk % 200]["regime"], first_version=0, newest_version=0,
                published_by=user, published_at=now, effective_at=now,
            )
            for source in made
        )  # fmt: skip
        for source, version in zip(made, versions, strict=True):
            source.policy = version
        Source.objects.bulk_update(made, ["policy"], batch_size=1_000)
    entries.rebuild()


def _policy(draw: random.Random) -> dict[str, Any]:
    regime = draw.choice(["measurement", "measurement", "attribution"])
    return {
        "regime": regime, "floor_nats": 0.5 if regime == "attribution" else None,
        "purposes": {"allow": ["research"]}, "consumers": {"allow": ["*"]}, "quote": draw.random() < 0.5,
        "price_micro_usd_per_nat": draw.choice([0, 20, 90, 700, 5_000, 20_000]),
        "influence_nats": {"per_answer": draw.randrange(1, 10_000)},
    }  # fmt: skip


def ask(query: str) -> Callable[[], object]:
    from django.http import QueryDict
    from django.utils import timezone

    from marketplace.catalogue.cards import cards_of
    from marketplace.catalogue.search import search
    from marketplace.catalogue.wanted import Wanted

    wanted = Wanted.read(QueryDict(query))
    return lambda: cards_of(search(organisation=None, wanted=wanted, now=timezone.now()).sources)


def measure(size: int) -> None:
    questions = {name: ask(query) for name, query in QUESTIONS.items()}
    taken: dict[str, list[float]] = {name: [] for name in questions}
    for turn in range(ROUNDS + 2):
        for name, call in questions.items():
            start = time.perf_counter()
            call()
            if turn >= 2:
                taken[name].append((time.perf_counter() - start) * 1e3)
    for name, times in taken.items():
        told(size, name, times)


def analyse() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def told(size: int, name: str, times: list[float]) -> None:
    ordered = sorted(times)
    middle, late = ordered[len(times) // 2], ordered[int(len(times) * 0.95)]
    print(f"{size:>9,}  {name:<26} p50 {middle:8.1f} ms  p95 {late:8.1f} ms", flush=True)


def duplicates(size: int) -> None:
    """As many sketches of unlike texts, and one version that is nearly one of them."""
    from django.utils import timezone

    from marketplace.duplicates import comparing
    from marketplace.models import Resemblance, SketchMark, Source, SourceVersion, VersionSketch

    now, draw = timezone.now(), random.Random(1)
    sources = list(Source.objects.order_by("pk").values_list("pk", flat=True)[:size])
    for first in range(0, len(sources), 5_000):
        made = SourceVersion.objects.bulk_create(
            SourceVersion(source_id=pk, number=1, digest=f"{pk:064}", created_at=now)
            for pk in sources[first : first + 5_000]
            if not SourceVersion.objects.filter(source=pk).exists()
        )
        sketches = VersionSketch.objects.bulk_create(
            VersionSketch(
                version=one, marks=sorted(draw.sample(range(2**48), 256)), made_at=now, compared_at=now
            )
            for one in made
        )
        SketchMark.objects.bulk_create(
            (
                SketchMark(sketch=one, mark=mark)
                for one in sketches
                for mark in one.marks[: comparing.INDEXED_MARKS]
            ),
            batch_size=20_000,
        )
    analyse()
    ours, last = VersionSketch.objects.order_by("pk").first(), VersionSketch.objects.order_by("-pk").first()
    assert ours is not None
    assert last is not None
    last.marks = ours.marks[:200] + sorted(draw.sample(range(2**48), 56))
    last.marks.sort()
    times = []
    for _ in range(ROUNDS):
        Resemblance.objects.all().delete()
        start = time.perf_counter()
        comparing._find_pairs(last, last.version, now)
        times.append((time.perf_counter() - start) * 1e3)
    assert Resemblance.objects.count() == 1
    told(size, "near-duplicates of one", times)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--database", default="", help="a PostgreSQL server to make a database on")
    options.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    given = options.parse_args()
    with own_database(given.database, "catalogue"):
        for size in given.sizes:
            fill(size)
            analyse()
            measure(size)
            duplicates(size)


if __name__ == "__main__":
    main()
