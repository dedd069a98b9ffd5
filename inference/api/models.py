"""GET /v1/models: the cores that can be asked, in OpenAI's form."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.errors import NotFound
from inference.api.base import OpenAiView
from inference.api.schema import ModelOut, ModelsOut, documented_errors

CREATED = 1_767_225_600  # 2026-01-01: OpenAI's clients want a moment


class Models(OpenAiView):
    @extend_schema(
        operation_id="models_list", summary="The models", responses={200: ModelsOut, **documented_errors()}
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 (the framework's signature)
        return Response({"object": "list", "data": [_model()]})


class OneModel(OpenAiView):
    slug_names = "model"

    @extend_schema(summary="One model", responses={200: ModelOut, **documented_errors()})
    def get(self, request: Request, slug: str) -> Response:  # noqa: ARG002 (the framework's signature)
        if slug != settings.CORE_SLUG:
            raise NotFound(f"The model '{slug[:100]}' does not exist.", code="model_not_found", param="model")
        return Response(_model())


def _model() -> dict[str, Any]:
    return {"id": settings.CORE_SLUG, "object": "model", "created": CREATED, "owned_by": "core"}
