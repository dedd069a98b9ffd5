"""What the OpenAPI schema says of every operation alike: its problems, and strict bodies."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from marketplace.api.problems import MEDIA_TYPE

_DESCRIPTIONS = {
    400: "The body is not valid JSON.",
    401: "No API key, or one that is not valid.",
    402: "Not enough money; with the quote.",
    403: "The key's scope, the person's role or a policy does not allow this.",
    404: "Unknown, or nothing that the caller may know of.",
    409: "It contradicts what is on record.",
    413: "Too large.",
    422: "The request is not valid; `problems` names every place.",
    503: "A service that this needs is switched off or does not answer.",
    504: "The engine that worked on it is gone.",
    429: "Too many requests; see Retry-After.",
}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes it."""

    target_class = "marketplace.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "description": "An API key: dvm_…"}


class PlaceOut(serializers.Serializer[Any]):
    path = serializers.CharField(help_text="JSON path into the request")
    sentence = serializers.CharField()


class ProblemOut(serializers.Serializer[Any]):
    """application/problem+json."""

    type = serializers.CharField()
    code = serializers.CharField(help_text="stable; switch on this")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="one plain sentence")
    next_step = serializers.CharField(help_text="what to do")
    problems = PlaceOut(many=True, required=False)


class StrictSerializer(serializers.Serializer[Any]):
    """A body whose unknown fields are refused, never ignored."""

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        unknown = sorted(set(data) - set(self.fields))
        if unknown:
            known = ", ".join(self.fields) or "none"
            raise serializers.ValidationError(
                dict.fromkeys(unknown, f"This field is not known. Known here: {known}.")
            )
        return value


def problems(*statuses: int) -> dict[Any, Any]:
    """The documented errors of an operation: 401 and 429 always, and these."""
    return {
        (status, MEDIA_TYPE): OpenApiResponse(ProblemOut, _DESCRIPTIONS[status])
        for status in sorted({401, 429, *statuses})
    }


def paged(
    row: type[serializers.BaseSerializer[Any]],
    name: str,
    beside: type[serializers.Serializer[Any]] | None = None,
) -> Any:
    """The schema of a page of `row`, and of what stands beside its results."""
    fields = {
        "results": row(many=True),
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
    }
    return type(f"{name}Page", (beside or serializers.Serializer,), fields)
