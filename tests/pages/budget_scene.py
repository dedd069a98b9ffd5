"""The scene's first source with windows of every kind, some answers in them, and what was told about them."""

from datetime import timedelta

from django.utils import timezone

from marketplace import budget_alerts, pausing
from tests.booking import answer, top_up
from tests.builders import publish
from tests.pages.scene import Scene

WINDOWS = [
    {"per": "hour", "kind": "rolling", "consumers": "all", "nats": 60},
    {"per": "day", "kind": "calendar", "consumers": "all", "nats": 400},
    {"per": "month", "kind": "rolling", "consumers": "each", "nats": 500},
]


def use_windows(scene: Scene) -> None:
    """Two buyers ask; the hour of all is used up but for a little, and one buyer's month is paused."""
    cast, now = scene.cast, timezone.now()
    publish(
        cast.owner, scene.alpine, price_micro_usd_per_nat=1500, quote=True,
        influence_nats={"per_answer": 60, "per_consumer_day": 100, "lifetime": 1200, "windows": WINDOWS},
    )  # fmt: skip
    top_up(cast.outsider, 1_000_000)
    slug = scene.alpine.slug
    for number in range(5):
        answer(cast.buyer, slug, 7, now=now - timedelta(minutes=9 - number))
    answer(cast.outsider, slug, 14, now=now, cap=15)
    budget_alerts.look(now=now)
    pausing.pause(
        source=scene.alpine, budget="month-rolling-each", consumer="outsider", reason="A contract is due.",
        acting_user=cast.owner.user, now=now,
    )  # fmt: skip
