"""POST /v1/chat/completions and POST /v1/completions, whole and as a stream, as OpenAI's clients expect."""

from typing import Any

from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from inference import intake
from inference.api.base import (
    AskingView,
    OpenAiView,
    all_events,
    first_event,
    first_event_async,
    follow,
    is_asynchronous,
)
from inference.api.schema import ChatIn, ChatOut, CompletionIn, CompletionOut, documented_errors
from inference.api.shapes import Shape
from inference.api.sse import stream, stream_async
from inference.following import events, events_async
from inference.models import Answer, AnswerKind

DESCRIPTION = (
    "OpenAI's endpoint with one extension: `abc` in the request says which sources may vote and how much, "
    "`abc` in the reply says who did, what each moved, and what each was paid. With `stream` the last chunk "
    "carries it."
)


class AnswerView(OpenAiView, AskingView):
    """One of OpenAI's two endpoints."""

    kind: AnswerKind

    def answer(self, request: Request) -> HttpResponseBase:
        question, answer = intake.submit(
            caller=self.caller(request), kind=self.kind, body=request.data, now=timezone.now()
        )
        self.request_id = str(answer.pk)
        shape = Shape(
            kind=self.kind,
            answer_id=str(answer.pk),
            created=int(answer.created_at.timestamp()),
            model=question.model,
            with_logprobs=question.logprobs is not None,
            include_usage=question.include_usage,
        )
        if question.stream:
            return _streamed(request, answer, shape)
        return _whole(request, answer, shape)


class ChatCompletions(AnswerView):
    kind = AnswerKind.CHAT

    @extend_schema(
        summary="Answer a conversation",
        description=DESCRIPTION,
        request=ChatIn,
        responses={200: OpenApiResponse(ChatOut, "The answer, or its chunks."), **documented_errors()},
    )
    def post(self, request: Request) -> HttpResponseBase:
        return self.answer(request)


class Completions(AnswerView):
    kind = AnswerKind.COMPLETION

    @extend_schema(
        summary="Continue a text",
        description=DESCRIPTION,
        request=CompletionIn,
        responses={
            200: OpenApiResponse(CompletionOut, "The text, or its chunks."),
            **documented_errors(),
        },
    )
    def post(self, request: Request) -> HttpResponseBase:
        return self.answer(request)


def _whole(request: Request, answer: Answer, shape: Shape) -> Response:
    told = all_events(request, answer)
    return Response(shape.knowing(told[0]).whole(told))


def _streamed(request: Request, answer: Answer, shape: Shape) -> StreamingHttpResponse:
    follower = follow(request, answer)
    frames: Any
    if is_asynchronous(request):
        waiting = events_async(follower)
        first = async_to_sync(first_event_async)(waiting)
        frames = stream_async(first, waiting, shape=shape)
    else:
        blocking = events(follower)
        first = first_event(blocking)
        frames = stream(first, blocking, shape=shape)
    response = StreamingHttpResponse(frames, content_type="text/event-stream; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Accel-Buffering"] = "no"  # proxies pass every event on at once
    return response
