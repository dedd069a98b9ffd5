"""/webhooks/stripe: what Stripe tells us. No key and no session: the signature is who it is.

Everything that is from Stripe is acknowledged, also what we have no use for; otherwise it would be sent again
for days.
"""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.models import TopUpProvider
from accounting.payments import configured, notices, stripe_events
from marketplace.api.base import MarketView

MOST_BYTES = 1024 * 1024


@extend_schema(exclude=True)
class StripeWebhook(MarketView):
    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []

    def most_bytes(self) -> int:
        return MOST_BYTES

    def post(self, request: Request) -> Response:
        notice, event = stripe_events.read(
            payload=request.body,
            signature=request.headers.get("Stripe-Signature", ""),
            secret=configured.webhook_secret(),
        )
        outcome = notices.receive(
            notice=notice, body=event, provider=TopUpProvider.STRIPE, now=timezone.now()
        )
        return Response({"received": notice.event_id, "outcome": outcome})
