"""Has the engine judge a question by a policy's topic clause, and waits for a few seconds: the web's half.

It goes the way of a plan: a sealed row, the engine told on commit, events read from the channel. It must not
load torch: `judging_topics` is the engine's half.
"""

import time
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from inference import lifecycle
from inference.channel import current_channel
from inference.following import Follower
from inference.lifecycle import Asked
from inference.models import AnswerKind
from marketplace.models import Organisation

PATIENCE_SECONDS = 8.0


def ask(*, plain: Mapping[str, Any], question: str, organisation: Organisation) -> Mapping[str, Any] | None:
    """{outcome, reason, values}; None where no engine answers in time, or it fails."""
    body = {"policy": plain, "question": question}
    answer = lifecycle.queue(Asked(organisation, None, AnswerKind.TOPIC, body), now=timezone.now())
    follower = Follower(answer, channel=current_channel())
    give_up = time.monotonic() + PATIENCE_SECONDS
    try:
        while not follower.ended and time.monotonic() < give_up:
            for event in follower.batch():
                if event["type"] == "topic":
                    verdict: Mapping[str, Any] = event["verdict"]
                    return verdict
    finally:
        follower.leave()
    return None
