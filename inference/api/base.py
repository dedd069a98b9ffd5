"""What the views that ask the engine share: the caller, the wait for an answer, the request's id.

Under ASGI the wait is asynchronous, so that a caller who leaves is noticed; under a synchronous server the
same events are read in the request's own thread.
"""

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from rest_framework.request import Request
from rest_framework.response import Response

from inference.channel import Event, current_channel
from inference.following import PAUSE, Follower, events, events_async
from inference.intake import Caller
from inference.models import Answer
from inference.problems import error_of
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of

API_VERSION = "2020-10-01"  # the version of OpenAI's API whose shapes these are


class OpenAiView(MarketView):
    """One of the addresses that OpenAI's clients call: its errors and headers are theirs."""

    scope = "answers"
    openai_errors = True

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        self.began = time.monotonic()
        made: Request = super().initialize_request(request, *args, **kwargs)
        return made

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Of a stream: how long its first event took."""
        finished: Response = super().finalize_response(request, response, *args, **kwargs)
        finished.headers["OpenAI-Version"] = API_VERSION
        finished.headers["OpenAI-Processing-Ms"] = str(round((time.monotonic() - self.began) * 1000))
        finished.headers.setdefault("X-Request-Id", str(uuid4()))
        return finished


class AskingView(MarketView):
    """A view that has the engine do something and waits for it."""

    scope = "answers"
    request_id = ""

    def caller(self, request: Request) -> Caller:
        found = caller_of(request)
        return Caller(found.organisation, found.api_key, request.headers.get("Idempotency-Key"))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Every reply, refusals too, carries an id by which it can be asked about."""
        finished: Response = super().finalize_response(request, response, *args, **kwargs)
        finished.headers["X-Request-Id"] = self.request_id or str(uuid4())
        return finished


def is_asynchronous(request: Request) -> bool:
    return isinstance(request._request, ASGIRequest)


def follow(request: Request, answer: Answer) -> Follower:
    """A reader of the answer. Whoever waits, maybe for long, keeps no database connection meanwhile."""
    if is_asynchronous(request):
        connection.close()
    return Follower(answer, channel=current_channel())


def all_events(request: Request, answer: Answer) -> list[Event]:
    """Every event of the answer; a refusal or failure at its end is raised."""
    follower = follow(request, answer)
    if is_asynchronous(request):
        told = async_to_sync(_collected)(events_async(follower))
    else:
        told = list(events(follower))
    if told[-1]["type"] == "error":
        raise error_of(told[-1]["problem"])
    return told


def first_event(source: Iterator[Event]) -> Event:
    """What decides the status of a stream: an error before the first token is a real HTTP error."""
    return _unless_error(next(event for event in source if event != PAUSE))


async def first_event_async(source: AsyncIterator[Event]) -> Event:
    async for event in source:
        if event != PAUSE:
            return _unless_error(event)
    raise AssertionError("every answer ends with an event")


def _unless_error(event: Event) -> Event:
    if event["type"] == "error":
        raise error_of(event["problem"])
    return event


async def _collected(source: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in source]
