"""Stripe as a provider: one Checkout Session for each top-up, on the official package.

The client is a parameter; the id of the top-up is the idempotency key, so that asking again gives the same
session. It must not decide whether money came in: webhooks say that.
"""

import stripe

from accounting.payments.provider import Checkout, Order, Unavailable

METADATA_KEY = "top_up"
LEAST_CENTS = 50  # Stripe takes no less in US dollars
MOST_CENTS = 99_999_999  # nor more than eight digits


class StripeCheckout:
    """`client` carries the secret key and the way to the network."""

    name = "stripe"
    least_cents = LEAST_CENTS
    most_cents = MOST_CENTS

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    def begin_checkout(self, order: Order) -> Checkout:
        try:
            session = self._client.v1.checkout.sessions.create(
                _params(order), {"idempotency_key": str(order.top_up_id)}
            )
        except stripe.StripeError as error:
            raise Unavailable(
                "Stripe did not begin the payment; nothing was charged.",
                next_step="Try again with the same id; if it stays, tell the operator.",
                provider="stripe",
                provider_code=error.code or type(error).__name__,
            ) from error
        return Checkout(reference=session.id, url=session.url or "")


def _params(order: Order) -> "stripe.params.checkout.SessionCreateParams":
    named = {METADATA_KEY: str(order.top_up_id)}
    price: stripe.params.checkout.SessionCreateParamsLineItemPriceData = {
        "currency": "usd",
        "unit_amount": order.cents,
        "product_data": {"name": order.description},
    }
    return {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "client_reference_id": str(order.top_up_id),
        "metadata": named,
        "payment_intent_data": {"metadata": named},
        "adaptive_pricing": {"enabled": False},  # what is paid must be what was asked, in dollars
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
    }
