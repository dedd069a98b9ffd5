"""/v1/sources/{slug}/overlaps: how much of an own source's text is in others that are open to its owner."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.schema import paged, problems
from marketplace.duplicates.overlaps import overlaps_of
from marketplace.visibility import own_source


class OverlapOut(serializers.Serializer[Any]):
    source = serializers.CharField(source="other.slug")  # type: ignore[assignment]
    title = serializers.CharField(source="other.title")
    organisation = serializers.CharField(source="other.organisation.slug")
    version = serializers.IntegerField(source="version.number", help_text="of the own source")
    share = serializers.FloatField(help_text="of its text that is in the other one too, 0 to 1, estimated")
    standard_error = serializers.FloatField()
    votes_as_one = serializers.BooleanField(source="is_same", help_text="measured, capped and paid as one")


class Overlaps(MarketView):
    @extend_schema(
        summary="Near-duplicates of the newest version",
        description="Found some seconds after an upload. Names only sources that are open to the caller.",
        responses={200: paged(OverlapOut, "Overlap"), **problems(404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        found = OverlapOut(overlaps_of(source), many=True).data
        return Response({"results": found, "next": None, "previous": None})
