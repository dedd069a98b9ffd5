"""POST /v1/plan: EXPLAIN for an answer, as JSON or as text. The same body, nothing spent."""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from inference import intake
from inference.api.base import AskingView, all_events
from inference.api.schema import ChatIn, PlanOut
from inference.models import AnswerKind
from inference.plan_text import plan_text
from marketplace.api.caller import caller_of
from marketplace.api.schema import problems
from marketplace.api.throttling import PerMinute, RequestsPerMinute


class PlansPerMinute(PerMinute):
    """Plans are free and show relevance, so an organisation gets few of them: they must not map an index."""

    @property
    def limit(self) -> int:
        return settings.PLANS_PER_MINUTE

    def who(self, request: Request) -> str:
        return f"plans:{caller_of(request).organisation.pk}"


class PlanAsText(BaseRenderer):
    """For `Accept: text/plain` and `?format=text`; a refusal stays a problem in JSON."""

    media_type = "text/plain"
    format = "text"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,  # noqa: ARG002 (the framework's signature)
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        refused = renderer_context is not None and renderer_context["response"].exception
        return (json.dumps(data) if refused else plan_text(data)).encode()


class PlanView(AskingView):
    scope = "plan"
    throttle_classes = [RequestsPerMinute, PlansPerMinute]
    renderer_classes = [JSONRenderer, PlanAsText]

    @extend_schema(
        summary="Who would vote, who would not and why, and the most it can cost",
        description="EXPLAIN for an answer: the same body, nothing held or spent. `Accept: text/plain` or "
        "`?format=text` gives it as text to read.",
        parameters=[OpenApiParameter("format", str, enum=["json", "text"], description="json (default)")],
        request=ChatIn,
        responses={
            (200, "application/json"): PlanOut,
            (200, "text/plain"): OpenApiTypes.STR,
            **problems(400, 402, 403, 404, 409, 422),
        },
    )
    def post(self, request: Request) -> Response:
        _, answer = intake.submit(
            caller=self.caller(request), kind=AnswerKind.PLAN, body=request.data, now=timezone.now()
        )
        self.request_id = str(answer.pk)
        return Response(all_events(request, answer)[-1]["plan"])
