"""Nothing waits for an engine or for Stripe, nobody asks too often, and a receipt counts as looked at."""

import pytest

from inference import verification
from inference.obstacles import Obstacle
from tests.payments.conftest import network

__all__ = ["network"]


@pytest.fixture(autouse=True)
def _alone(settings, named_core, work_is_noted, network, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PAYOUT_MINIMUM_MICRO_USD = 50
    settings.API_REQUESTS_PER_MINUTE = settings.PLANS_PER_MINUTE = 100_000
    monkeypatch.setattr("marketplace.dns_texts.texts_of", lambda _name: frozenset())
    looked_at = verification.Verification(
        signature=True, sums=True, composition=None, tolerance=None, obstacle=Obstacle("no_transcript")
    )
    monkeypatch.setattr(verification, "check", lambda _receipt: looked_at)
