"""Has the engine compute a page of tokens for the buyer's page, and waits for a while: the web's half.

It goes the way of a plan: a sealed row, the engine told on commit, events read from the channel. It must not
load torch: `measuring` is the engine's half.
"""

import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounting.models import Receipt
from inference import lifecycle
from inference.channel import current_channel
from inference.following import Follower
from inference.lifecycle import Asked
from inference.models import AnswerKind
from inference.obstacles import Obstacle, obstacle_to_replay
from marketplace.models import Organisation

PATIENCE_SECONDS = 30.0
TOO_LATE = {"problem": "No engine answered in time. Load the page again in a minute."}


def ask(*, receipt_id: UUID, organisation: Organisation, first: int, count: int) -> Mapping[str, Any]:
    """The page, or {problem}."""
    obstacle = obstacle_to_replay(Receipt.objects.get(pk=receipt_id))
    if obstacle is not None:
        return {"problem": obstacle.sentence()}
    body = {"of": "tokens", "receipt_id": str(receipt_id), "first": first, "count": count}
    answer = lifecycle.queue(Asked(organisation, None, AnswerKind.MEASUREMENT, body), now=timezone.now())
    follower = Follower(answer, channel=current_channel())
    give_up = time.monotonic() + PATIENCE_SECONDS
    try:
        while not follower.ended and time.monotonic() < give_up:
            for event in follower.batch():
                if event["type"] == "measurement":
                    return _told(event["found"])
    finally:
        follower.leave()
    return TOO_LATE


def _told(found: Mapping[str, Any]) -> Mapping[str, Any]:
    if "obstacle" in found:
        obstacle = found["obstacle"]
        return {"problem": Obstacle(obstacle["code"], tuple(obstacle["sources"])).sentence()}
    return found
