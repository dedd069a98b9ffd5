"""What the market's views share: their scope, and reading a body strictly."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounting.errors import Invalid, TooLarge
from marketplace.api.caller import HasScope, refuse_other_sources
from marketplace.api.throttling import rate_headers


class MarketView(APIView):
    # `scope` is what a key needs (its `:read` or `:write` part by the method), `write_scope` what it needs
    # for other methods than GET where that differs; `slug_names` says what `slug` in the address is, since
    # a key may be limited to sources; `openai_errors` chooses the form of errors. A comment, because a
    # docstring here would stand in the public schema as every endpoint's description.
    scope = "sources"
    write_scope = ""
    slug_names = "source"
    openai_errors = False
    permission_classes = [IsAuthenticated, HasScope]
    page_parameters: ClassVar[list[OpenApiParameter]] = [
        OpenApiParameter("cursor", str),
        OpenApiParameter("page_size", int, description="at most 200"),
    ]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who may come in, and then how much they may bring: JSON is not read from the wire before this."""
        super().initial(request, *args, **kwargs)
        if self.slug_names == "source" and "slug" in kwargs:
            refuse_other_sources(request, kwargs["slug"])
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > self.most_bytes():
            raise TooLarge(f"A body holds at most {self.most_bytes():,} bytes here.")

    def get_throttles(self) -> list[BaseThrottle]:
        """The same for the request and for its reply, which says what they counted."""
        self.throttles: list[BaseThrottle] = super().get_throttles()
        return self.throttles

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        finished: Response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in rate_headers(getattr(self, "throttles", ())).items():
            finished.headers[name] = value
        return finished

    def most_bytes(self) -> int:
        return settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    def body(self, request: Request, serializer: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """The body, checked; Invalid with every place that is wrong."""
        checked = serializer(data=self.json_object(request))
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def json_object(self, request: Request) -> dict[str, Any]:
        if not isinstance(request.data, Mapping):
            raise Invalid("The body must be a JSON object.", next_step="See /v1/docs for its fields.")
        return dict(request.data)
