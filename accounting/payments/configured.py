"""Which provider this deployment has, from its settings. Without a key there is none, and that is said."""

import stripe
from django.conf import settings

from accounting.payments.provider import Provider, Unavailable
from accounting.payments.stripe_checkout import StripeCheckout

SECONDS_TO_WAIT = 20
TRIES_AGAIN = 2


def is_on() -> bool:
    return bool(settings.STRIPE_SECRET_KEY)


def provider() -> Provider:
    """Stripe, if its key is set."""
    if not settings.STRIPE_SECRET_KEY:
        raise Unavailable(
            "Payments by card are switched off in this market.",
            next_step="Ask the operator to top the wallet up.",
            code="provider_off",
        )
    return StripeCheckout(stripe_client())


def stripe_client() -> stripe.StripeClient:
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        http_client=stripe.RequestsClient(timeout=SECONDS_TO_WAIT),
        max_network_retries=TRIES_AGAIN,
    )


def webhook_secret() -> str:
    """The secret that Stripe signs its webhooks with."""
    if not settings.STRIPE_WEBHOOK_SECRET:
        raise Unavailable(
            "This market takes no Stripe webhooks: STRIPE_WEBHOOK_SECRET is not set.",
            next_step="Set it to the endpoint's signing secret (whsec_...).",
            code="provider_off",
        )
    return str(settings.STRIPE_WEBHOOK_SECRET)
