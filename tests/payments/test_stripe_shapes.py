"""The recorded shapes are those of the API version that the pinned package speaks."""

import pytest
import stripe

from tests.payments.stripe_here import shape

KINDS = {
    "checkout.session.completed": stripe.checkout.Session,
    "charge.refunded": stripe.Charge,
    "charge.dispute.created": stripe.Dispute,
}


@pytest.mark.parametrize("name", KINDS)
def test_a_recorded_event_has_only_fields_that_the_package_knows(name):
    told = shape(name)
    assert told["api_version"] == "2026-10-28.endive"
    assert set(told) <= set(stripe.Event.__annotations__)
    assert set(told["data"]["object"]) <= set(KINDS[name].__annotations__)


def test_a_created_session_has_only_fields_that_the_package_knows():
    assert set(shape("session_created")) <= set(stripe.checkout.Session.__annotations__)
