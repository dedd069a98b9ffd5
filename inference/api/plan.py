"""POST /v1/plan: EXPLAIN for an answer. The same body, nothing spent."""

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from inference import intake
from inference.api.base import AskingView, all_events
from inference.api.schema import ChatIn, PlanOut
from inference.models import AnswerKind
from marketplace.api.caller import caller_of
from marketplace.api.schema import problems
from marketplace.api.throttling import RequestsPerMinute


class PlansPerMinute(SimpleRateThrottle):
    """Plans are free and show relevance, so an organisation gets few of them: they must not map an index."""

    scope = "plans"

    def get_rate(self) -> str:
        return f"{settings.PLANS_PER_MINUTE}/minute"

    def get_cache_key(self, request: Request, view: APIView) -> str:  # noqa: ARG002 (the framework's)
        return f"plans:{caller_of(request).organisation.pk}"


class PlanView(AskingView):
    scope = "plan"
    throttle_classes = [RequestsPerMinute, PlansPerMinute]

    @extend_schema(
        summary="Who would vote, who would not and why, and the most it can cost",
        request=ChatIn,
        responses={200: PlanOut, **problems(400, 402, 403, 404, 409, 422)},
    )
    def post(self, request: Request) -> Response:
        _, answer = intake.submit(
            caller=self.caller(request), kind=AnswerKind.PLAN, body=request.data, now=timezone.now()
        )
        self.request_id = str(answer.pk)
        return Response(all_events(request, answer)[-1]["plan"])
