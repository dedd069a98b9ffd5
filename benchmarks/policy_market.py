"""A market to ask policies of: N live sources with policies from a dozen templates, no two of them alike.

Only for benchmarks, on a database of their own: rows are written in bulk, with the content that the use cases
would write, and partitions are names without files.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

CORE = "c" * 64
CONSUMERS, GROUPS, COUNTRIES = 200, 12, ("DE", "FR", "KE", "IN", "US", "BR")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BATCH = 2_000
Plain = dict[str, Any]
Template = Callable[[random.Random], Plain]


def consumer(number: int) -> str:
    return f"consumer-{number}"


def some_consumers(rng: random.Random, most: int) -> list[str]:
    return [consumer(number) for number in sorted(rng.sample(range(CONSUMERS), rng.randint(1, most)))]


def groups(rng: random.Random, most: int = 2) -> list[str]:
    return [f"group:group-{number}" for number in sorted(rng.sample(range(GROUPS), rng.randint(1, most)))]


TEMPLATES: dict[str, Template] = {
    "open research": lambda _: {
        "consumers": {"allow": ["*"]},
        "purposes": {"allow": ["research", "education"]},
    },
    "all but advertising, not my competitors": lambda rng: {
        "consumers": {"allow": ["*"], "deny": some_consumers(rng, 3)},
        "purposes": {"allow": ["*"], "deny": ["advertising"]},
    },
    "members of a group": lambda rng: {
        "consumers": {"allow": groups(rng)},
        "purposes": {"allow": ["research", "education", "public-service"]},
    },
    "customers by name": lambda rng: {
        "consumers": {"allow": some_consumers(rng, 12)},
        "purposes": {"allow": ["commercial", "internal-tools"]},
    },
    "universities by domain": lambda rng: {
        "consumers": {"allow": [f"domain:uni-{rng.randrange(40)}.example", *groups(rng, 1)]},
        "purposes": {"allow": ["academic-research", "teaching"]},
    },
    "privacy": lambda rng: {
        "regime": "privacy",
        "consumers": {"allow": ["*"]},
        "purposes": {"allow": ["medical-research"]},
        "privacy": {"budget_nats": round(rng.uniform(0.5, 4), 2), "eta": 0.1, "delta": 1e-6},
    },
    "attribution": lambda rng: {
        "regime": "attribution",
        "floor_nats": rng.randint(1, 5),
        "consumers": {"allow": ["*"], "deny": groups(rng, 1)},
        "purposes": {"allow": ["journalism", "research", "personal"]},
    },
    "for a while": lambda rng: {
        "consumers": {"allow": ["*"]},
        "purposes": {"allow": ["*"], "deny": ["market-research"]},
        "valid_from": (NOW + timedelta(minutes=rng.randint(-400_000, 20_000))).isoformat(),
        "valid_until": (NOW + timedelta(minutes=rng.randint(30_000, 400_000))).isoformat(),
    },
    "some countries": lambda rng: {
        "consumers": {"allow": ["*"]},
        "purposes": {"allow": ["research", "commercial"], "deny": ["product-development"]},
        "countries": {"allow": sorted(rng.sample(COUNTRIES, 3))},
    },
    "by approval": lambda _: {
        "consumers": {"allow": ["*"]},
        "purposes": {"allow": ["*"]},
        "approval": "required",
    },
    "classification only": lambda _: {
        "consumers": {"allow": ["*"]},
        "purposes": {"allow": ["evaluation", "research"]},
        "outputs": {"allow": ["classification"]},
    },
    "on its topic, in company": lambda rng: {
        "consumers": {"allow": ["*"], "deny": some_consumers(rng, 1)},
        "purposes": {"allow": ["education", "personal", "research"]},
        "topics": {"within": {"keywords": [f"subject {rng.randrange(500)}"]}},
        "minimum_coalition": rng.randint(0, 3),
    },
}


def policy(rng: random.Random, number: int) -> Plain:
    """One of the templates with limits and a price of its own."""
    return {
        **TEMPLATES[rng.choice(list(TEMPLATES))](rng),
        "price_micro_usd_per_nat": 5 + number % 97,
        "influence_nats": {
            "per_answer": 200,
            "per_consumer_day": 20_000 + rng.randrange(1_000),
            "lifetime": 1_000_000 + number,
        },
    }


def build(sources: int, *, seed: int = 1) -> None:
    """Consumers with groups, domains and countries, owners, and so many live sources."""
    from django.db import connection, transaction

    rng = random.Random(seed)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers, for the filling only
        owners = _organisations(rng, sources)
        for first in range(1, sources + 1, BATCH):
            _sources(rng, owners, range(first, min(first + BATCH, sources + 1)))
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('accounting_account', 'id'), 10 * %s)", [sources]
        )


def _organisations(rng: random.Random, sources: int) -> list[int]:
    from marketplace.models import ConsumerGroup, Organisation, Proof, User, VerifiedDomain

    User.objects.create(pk=1, username="owner")
    made = Organisation.objects.bulk_create(
        [
            Organisation(
                slug=consumer(number), name=f"Consumer {number}", wallet_account_id=-number - 1,
                country=rng.choice(COUNTRIES), country_confirmed_at=NOW, created_at=NOW,
            )
            for number in range(CONSUMERS)
        ]
    )  # fmt: skip
    for number in range(GROUPS):
        group = ConsumerGroup.objects.create(slug=f"group-{number}", title=f"Group {number}", created_at=NOW)
        group.organisations.set(rng.sample(made, 25))
    owners = Organisation.objects.bulk_create(
        [
            Organisation(
                slug=f"owner-{number}", name=f"Owner {number}", wallet_account_id=-1_000_000 - number,
                created_at=NOW,
            )
            for number in range(max(1, sources // 20))
        ],
        batch_size=BATCH,
    )  # fmt: skip
    for number, one in enumerate(made[:40]):
        VerifiedDomain.objects.create(
            organisation=one, domain=f"uni-{number}.example", how=Proof.values[0], verified_at=NOW
        )
    return [owner.pk for owner in owners]


def _sources(rng: random.Random, owners: list[int], numbers: range) -> None:
    """One batch: sources with policies, and nearly all of them with a partition that may vote."""
    from accounting.models import Account
    from marketplace.models import Partition, PolicyVersion, Source, SourceVersion
    from marketplace.policy.plain import digest

    plains = {number: policy(rng, number) for number in numbers}
    Account.objects.bulk_create([account for number in numbers for account in _accounts(number)])
    Source.objects.bulk_create([_source(rng, owners, number) for number in numbers])
    SourceVersion.objects.bulk_create(
        SourceVersion(pk=number, source_id=number, number=1, digest=f"{number:064x}", created_at=NOW)
        for number in numbers
    )
    PolicyVersion.objects.bulk_create(
        PolicyVersion(
            pk=number, source_id=number, number=1, plain=plain, digest=digest(plain),
            regime=plain.get("regime", "measurement"), first_version=0, newest_version=1,
            published_by_id=1, published_at=NOW, effective_at=NOW,
        )
        for number, plain in plains.items()
    )  # fmt: skip
    Partition.objects.bulk_create(
        _partition(number, votes=rng.random() < 0.95) for number in numbers if rng.random() < 0.97
    )


def _accounts(number: int) -> Iterator[Any]:
    from accounting.models import Account, AccountKind, Asset

    limit = 10**9 * (1_000_000 + number)
    for place, label in enumerate(("lifetime", "privacy")):
        yield Account(
            pk=3 * number + place, asset=Asset.NANO_NAT, kind=AccountKind.BUDGET, label=f"{label} {number}",
            limited=True, stated_limit=limit, credits_posted=limit, debits_posted=limit // 3,
        )  # fmt: skip
    yield Account(
        pk=3 * number + 2, asset=Asset.MICRO_USD, kind=AccountKind.EARNINGS, label=f"earnings {number}"
    )


def _source(rng: random.Random, owners: list[int], number: int) -> Any:
    from marketplace.models import Source, SourceState, Visibility

    return Source(
        pk=number, organisation_id=rng.choice(owners), slug=f"source-{number}", title=f"Source {number}",
        description="What an owner says of a source, in a few lines. " * 4, license="CC-BY-4.0",
        state=SourceState.LIVE,
        visibility=rng.choices(Visibility.values, weights=(92, 5, 3))[0], policy_id=number,
        budget_account_id=3 * number, privacy_account_id=3 * number + 1, earnings_account_id=3 * number + 2,
        created_at=NOW,
    )  # fmt: skip


def _partition(number: int, *, votes: bool) -> Any:
    from marketplace.models import Partition, PartitionState

    return Partition(
        pk=number, source_id=number, version_id=number, state=PartitionState.ACTIVE,
        training_digest=f"{number:064x}", adapter_tokens=8_000, core_slug="core", core_digest=CORE,
        digest=f"{number:064x}", metrics={"votes": votes},
        manifest={"adapter_parameters": 460_800, "sketch": [(number << 32) + mark for mark in range(256)]},
        created_at=NOW, activated_at=NOW,
    )  # fmt: skip
