"""/v1/sources and /v1/sources/{slug}: the catalogue for everybody, one's own sources with their state."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace import listing, registration
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.pagination import page
from marketplace.api.repeats import repeatable
from marketplace.api.rows import OwnSourceOut, SeenSourceOut, SourceOut
from marketplace.api.schema import StrictSerializer, paged, problems
from marketplace.catalogue.topics import MOST_TOPICS, TOPICS
from marketplace.models import Visibility
from marketplace.own_sources import own_sources, with_figures
from marketplace.visibility import LISTED, own_source, visible_source, visible_to


class SourceIn(StrictSerializer):
    slug = serializers.CharField(max_length=64)
    title = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    license = serializers.CharField(max_length=100, allow_blank=True, default="")


class SourceChange(StrictSerializer):
    title = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=20_000, allow_blank=True, required=False)
    license = serializers.CharField(max_length=100, allow_blank=True, required=False)
    visibility = serializers.ChoiceField(
        Visibility.choices, required=False, help_text="who may know of it; see docs/catalogue.md"
    )
    topics = serializers.ListField(
        child=serializers.ChoiceField(list(TOPICS)), max_length=MOST_TOPICS, required=False
    )


class Sources(MarketView):
    """List and create."""

    @extend_schema(
        operation_id="sources_list",
        summary="List sources",
        description="Everything that is listed; with `mine=true` the caller's own sources in every state.",
        parameters=[OpenApiParameter("mine", bool), *MarketView.page_parameters],
        responses={200: paged(SeenSourceOut, "Source"), **problems()},
    )
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        if request.query_params.get("mine", "").lower() in {"true", "1"}:
            own = caller.own_only(own_sources(caller.organisation), "slug")
            return page(request=request, view=self, rows=own, serializer=OwnSourceOut, ordering="slug")
        seen = visible_to(caller.organisation).filter(state__in=LISTED)
        listed = seen.select_related("organisation", "policy")
        return page(request=request, view=self, rows=listed, serializer=SourceOut, ordering="slug")

    @extend_schema(
        summary="Register a source",
        request=SourceIn,
        responses={201: OwnSourceOut, **problems(400, 403, 409, 422)},
    )
    @repeatable
    def post(self, request: Request) -> Response:
        caller = caller_of(request)
        caller.require_all_sources()
        wish = self.body(request, SourceIn)
        source = registration.register_source(
            organisation=caller.organisation, acting_user=caller.user, now=timezone.now(), **wish
        )
        location = {"Location": f"/v1/sources/{source.slug}"}
        return Response(OwnSourceOut(with_figures(source)).data, status=201, headers=location)


class OneSource(MarketView):
    """Read and describe."""

    @extend_schema(summary="A source", responses={200: SeenSourceOut, **problems(404)})
    def get(self, request: Request, slug: str) -> Response:
        caller = caller_of(request)
        source = visible_source(organisation=caller.organisation, slug=slug)
        if source.organisation_id == caller.organisation.pk:
            return Response(OwnSourceOut(with_figures(source)).data)
        return Response(SourceOut(source).data)

    @extend_schema(
        summary="Change its title, description, license, topics or visibility",
        request=SourceChange,
        responses={200: OwnSourceOut, **problems(400, 403, 404, 409, 422)},
    )
    def patch(self, request: Request, slug: str) -> Response:
        caller = caller_of(request)
        source = own_source(organisation=caller.organisation, slug=slug)
        change: dict[str, Any] = self.body(request, SourceChange)
        by, now = caller.user, timezone.now()
        listed = {name: change.pop(name) for name in ("visibility", "topics") if name in change}
        if "visibility" in listed:
            listing.set_visibility(source=source, visibility=listed["visibility"], acting_user=by, now=now)
        if "topics" in listed:
            listing.set_topics(source=source, topics=listed["topics"], acting_user=by, now=now)
        if change or not listed:
            registration.describe_source(source=source, acting_user=by, now=now, **change)
        return Response(OwnSourceOut(with_figures(source)).data)
