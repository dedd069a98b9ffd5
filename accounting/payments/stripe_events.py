"""Reads Stripe's webhooks: is it really from Stripe, and what does it say in our words?

The signature is checked by the official package before anything else is looked at. Only fields that every API
version since 2022 has are read (checked against the shapes of 2026-10-28.endive). It writes nothing.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import stripe

from accounting.errors import DomainError
from accounting.payments.provider import Kind, Notice
from accounting.payments.stripe_checkout import METADATA_KEY

Json = Mapping[str, Any]
SESSIONS: dict[str, Kind] = {
    "checkout.session.completed": "paid",
    "checkout.session.async_payment_succeeded": "paid",
    "checkout.session.async_payment_failed": "failed",
    "checkout.session.expired": "expired",
}
# Inquiries (`warning_...`), prevented and won disputes leave the money; these have taken it.
DISPUTES_THAT_TAKE = frozenset(
    {"needs_response", "under_review", "lost", "appeal_needs_response", "appeal_under_review"}
)


class NotFromStripe(DomainError):
    """Nothing was done: the message was not signed by Stripe for us, or not lately."""

    code, status, title = "bad_signature", 400, "The signature does not hold"


def read(*, payload: bytes, signature: str, secret: str) -> tuple[Notice, dict[str, Any]]:
    """The notice and the event as sent."""
    try:
        stripe.Webhook.construct_event(payload, signature, secret)
    except (stripe.SignatureVerificationError, ValueError, TypeError, AttributeError) as error:
        raise NotFromStripe(
            "This is not a Stripe event that was signed for this market within the last five minutes.",
            next_step="Check STRIPE_WEBHOOK_SECRET against the endpoint's signing secret, and the clocks.",
        ) from error
    event: dict[str, Any] = json.loads(payload)
    if not (isinstance(event.get("id"), str) and event["id"]):
        raise NotFromStripe("The event has no id.", next_step="Send events of the API's version 1.")
    return _notice(event), event


def _notice(event: Json) -> Notice:
    name, thing = str(event.get("type", "")), _object(event)
    common: dict[str, Any] = {
        "event_id": str(event["id"]),
        "type": name,
        "said_at": datetime.fromtimestamp(int(event.get("created") or 0), UTC),
    }
    if name in SESSIONS:
        return _of_session(SESSIONS[name], thing, common)
    if name == "charge.refunded":
        return _of_claim("refund", thing, thing.get("amount_refunded"), common)
    if name.startswith("charge.dispute."):
        stands = thing.get("status") in DISPUTES_THAT_TAKE
        closed = name == "charge.dispute.closed"
        return _of_claim(
            "dispute", thing, thing.get("amount"), {**common, "stands": stands, "closed": closed}
        )
    return Notice(kind="other", **common)


def _of_session(kind: Kind, session: Json, common: dict[str, Any]) -> Notice:
    """A completed session may still wait for its money (bank debits): a later event says that it came."""
    if kind == "paid" and session.get("payment_status") != "paid":
        kind = "other"
    return Notice(
        kind=kind,
        top_up_id=_uuid((session.get("metadata") or {}).get(METADATA_KEY)),
        reference=str(session.get("id") or ""),
        payment_reference=_id(session.get("payment_intent")),
        cents=_cents(session.get("amount_total")),
        currency=str(session.get("currency") or ""),
        **common,
    )


def _of_claim(kind: Kind, thing: Json, cents: object, common: dict[str, Any]) -> Notice:
    return Notice(
        kind=kind,
        reference=str(thing.get("id") or ""),
        payment_reference=_id(thing.get("payment_intent")),
        cents=_cents(cents),
        currency=str(thing.get("currency") or ""),
        **common,
    )


def _object(event: Json) -> Json:
    data = event.get("data")
    thing = data.get("object") if isinstance(data, Mapping) else None
    return thing if isinstance(thing, Mapping) else {}


def _id(value: object) -> str:
    """An id, also where the object itself stands in its place."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return str(found or "")


def _cents(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
