"""A market that takes payments through Stripe, without a network; after every test its books are checked."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from accounting import check
from tests.cast import Cast
from tests.payments import stripe_here
from tests.payments.stripe_here import Network


@pytest.fixture
def network(settings, monkeypatch: pytest.MonkeyPatch) -> Network:
    """Stripe is on; what would be sent to it is here."""
    settings.STRIPE_SECRET_KEY = stripe_here.SECRET_KEY
    settings.STRIPE_WEBHOOK_SECRET = stripe_here.WEBHOOK_SECRET
    network = Network()
    monkeypatch.setattr(
        "accounting.payments.configured.stripe_client", lambda: stripe_here.client_on(network)
    )
    return network


@pytest.fixture
def cast(cast: Cast) -> Iterator[Cast]:
    yield cast
    checked = check.check(now=timezone.now())
    assert checked.sound, checked
