"""`Idempotency-Key` on the market's POSTs: the same key and content gives the first outcome again.

A decorator for the views' `post`. Only successes are kept. A process that dies between the write and the
keeping of its reply leaves the write: the repeat then meets its own first try as an ordinary conflict.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.errors import Conflict, Invalid
from marketplace.api.caller import caller_of
from marketplace.models import KeptReply, Organisation

LONGEST_KEY = 255
Handler = Callable[..., Response]
_KEYS = UUID("7a1f6f0e-63a5-4f7e-9a52-2f8d6a4c1b90")  # the name space of clients' keys


@dataclass(frozen=True, slots=True)
class _Wish:
    """Who asks what under which key."""

    organisation: Organisation
    key: str
    digest: str


def repeatable(handler: Handler) -> Handler:
    """Answer a repeated request as the first one was answered, and do nothing a second time."""

    @wraps(handler)
    def post(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return handler(view, request, *args, **kwargs)
        wish = _Wish(caller_of(request).organisation, _checked(key), _digest(request))
        first = _kept(wish)
        if first is not None:
            return first
        try:
            reply = handler(view, request, *args, **kwargs)
        except Conflict:  # perhaps with the same request, at the same moment
            first = _kept(wish)
            if first is None:
                raise
            return first
        return _keep(wish, reply)

    return post


def operation_id_of(request: Request) -> UUID:
    """The id of a write that keeps its own first outcome: the same for the same key of an organisation."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return uuid4()
    return uuid5(_KEYS, f"{caller_of(request).organisation.pk}:{request.path}:{_checked(key)}")


def _checked(key: str) -> str:
    if not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise Invalid(
            f"Idempotency-Key must have 1 to {LONGEST_KEY} printable characters.", param="Idempotency-Key"
        )
    return key


def _digest(request: Request) -> str:
    """Of the address and all that was sent, files by their content."""
    files = [
        (field, str(file.name), hashlib.sha256(_bytes_of(file)).hexdigest())
        for field, sent in sorted(request.FILES.lists())
        for file in sent
    ]
    sent = files or request.data
    return hashlib.sha256(json.dumps([request.path, sent], sort_keys=True).encode()).hexdigest()


def _bytes_of(file: Any) -> bytes:
    content: bytes = file.read()
    file.seek(0)
    return content


def _kept(wish: _Wish) -> Response | None:
    kept = KeptReply.objects.filter(organisation=wish.organisation, key=wish.key).first()
    if kept is None:
        return None
    if kept.request_digest != wish.digest:
        raise Conflict(
            "This Idempotency-Key was used for another request.",
            code="idempotency_key_reused",
            next_step="Use a new key for a new request.",
        )
    headers = {"Location": kept.location} if kept.location else {}
    return Response(kept.body, status=kept.status, headers=headers)


def _keep(wish: _Wish, reply: Response) -> Response:
    body = json.loads(json.dumps(reply.data, default=str))
    try:
        with transaction.atomic():
            KeptReply.objects.create(
                organisation=wish.organisation, key=wish.key, request_digest=wish.digest,
                status=reply.status_code, body=body, location=reply.headers.get("Location", ""),
                created_at=timezone.now(),
            )  # fmt: skip
    except IntegrityError:  # the same key at the same moment: whoever was first is told
        return _kept(wish) or reply
    return reply
