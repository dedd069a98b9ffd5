"""POST /v1/classify: one label out of those that the request names, by the vote of the sources."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from inference import intake
from inference.api.base import AskingView, all_events
from inference.api.schema import ClassificationOut, ClassifyIn
from inference.models import Answer, AnswerKind
from marketplace.api.schema import problems


class Classify(AskingView):
    scope = "answers"

    @extend_schema(
        summary="Choose one of the labels in the request, by the vote of the sources",
        description="Admission, prices, caps, budgets, receipt and replay as for an answer of one token "
        "whose vocabulary is the labels. In private mode the label is drawn, and nothing else is told.",
        request=ClassifyIn,
        responses={200: ClassificationOut, **problems(400, 402, 403, 404, 409, 413, 422, 503, 504)},
    )
    def post(self, request: Request) -> Response:
        question, answer = intake.submit(
            caller=self.caller(request),
            kind=AnswerKind.CLASSIFICATION,
            body=request.data,
            now=timezone.now(),
        )
        self.request_id = str(answer.pk)
        done = all_events(request, answer)[-1]
        return Response(_reply(answer, question.model, done))


def _reply(answer: Answer, model: str, done: Any) -> dict[str, Any]:
    """`decision` is missing where the answer was cancelled before it was made."""
    decided = done.get("decision") or {"label": "", "probabilities": None, "votes": None}
    return {
        "id": f"classify-{answer.pk}",
        "object": "classification",
        "created": int(answer.created_at.timestamp()),
        "model": model,
        **decided,
        "usage": done["usage"],
        "abc": done["abc"],
    }
