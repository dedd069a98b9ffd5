"""Stripe without a network: its recorded shapes, its signature, its HTTP client.

The shapes are of API version 2026-10-28.endive: the sample objects that Stripe publishes beside its OpenAPI
description, brought up to the fields of the installed package's own classes (`test_stripe_shapes`).
"""

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import stripe

SHAPES = Path(__file__).parent / "shapes"
WEBHOOK_SECRET = "whsec_only_for_tests"
SECRET_KEY = "sk_test_only_for_tests"


def shape(name: str) -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads((SHAPES / f"{name}.json").read_text())
    return recorded


def event(recorded: str, *, kind: str = "", created: int = 0, **changes: Any) -> dict[str, Any]:
    """A recorded event under an id of its own, with changes to its object."""
    told = shape(recorded)
    told["id"] = f"evt_{uuid.uuid4().hex}"
    told["type"] = kind or told["type"]
    told["created"] = created or told["created"]
    told["data"]["object"].update(changes)
    return told


def paid(top_up_id: object, *, cents: int = 2500, kind: str = "", **changes: Any) -> dict[str, Any]:
    named = {"metadata": {"top_up": str(top_up_id)}, "client_reference_id": str(top_up_id)}
    return event("checkout.session.completed", kind=kind, amount_total=cents, **{**named, **changes})


def refunded(cents: int, **changes: Any) -> dict[str, Any]:
    return event("charge.refunded", amount_refunded=cents, refunded=cents == 2500, **changes)


def disputed(status: str, *, kind: str = "charge.dispute.created", **changes: Any) -> dict[str, Any]:
    return event("charge.dispute.created", kind=kind, status=status, **changes)


def signature(payload: bytes, *, secret: str = WEBHOOK_SECRET, at: int | None = None) -> str:
    """Stripe's scheme v1: HMAC-SHA256 of `timestamp.payload` under the endpoint's secret."""
    moment = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def deliver(client: Any, told: Mapping[str, Any], **how: Any) -> Any:
    """POST the event to the webhook as Stripe would."""
    payload = json.dumps(told).encode()
    header = how.pop("header", None) or signature(payload, **how)
    return client.post(
        "/webhooks/stripe", payload, content_type="application/json", HTTP_STRIPE_SIGNATURE=header
    )


@dataclass
class Asked:
    """One request that would have gone to Stripe."""

    method: str
    url: str
    headers: dict[str, str]
    form: dict[str, str]


@dataclass
class Network:
    """What the package sends, and what it is answered."""

    asked: list[Asked] = field(default_factory=list)
    status: int = 200
    broken: bool = False

    def answer(self, idempotency_key: str) -> str:
        if self.status != 200:
            return (SHAPES / "api_error.json").read_text()
        session = shape("session_created")
        session["id"] = f"cs_test_{idempotency_key}"
        return json.dumps(session)


class NoNetwork(stripe.HTTPClient):
    """The package's own client interface, answering from memory."""

    name = "none"

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **_: Any) -> Any:
        form = dict(parse_qsl(post_data or ""))
        self.network.asked.append(Asked(method, url, dict(headers), form))
        if self.network.broken:
            raise stripe.APIConnectionError("no route", should_retry=False)
        return self.network.answer(headers["Idempotency-Key"]), self.network.status, {}


def client_on(network: Network) -> stripe.StripeClient:
    return stripe.StripeClient(SECRET_KEY, http_client=NoNetwork(network))
