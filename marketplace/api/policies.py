"""/v1/sources/{slug}/policy: read, publish, and try a policy; /v1/purposes: the words it may use."""

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.errors import Invalid, NotFound
from marketplace import publishing, reviews
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.rows import PolicyOut
from marketplace.api.schema import PlaceOut, problems
from marketplace.policy import purposes, sentences
from marketplace.visibility import own_source

EXAMPLE = OpenApiExample(
    "measurement",
    value={
        "regime": "measurement",
        "purposes": {"allow": ["research"], "deny": []},
        "consumers": {"allow": ["*"]},
        "price_micro_usd_per_nat": 20,
        "floor_price_micro_usd": 0,
        "ceiling_price_micro_usd": None,
        "max_gamma": 1.0,
        "quote": True,
        "valid_from": None,
        "valid_until": None,
        "influence_nats": {"per_answer": 200, "per_consumer_day": 20000, "lifetime": 1000000},
        "floor_nats": None,
        "privacy": None,
    },
    request_only=True,
)


class VerdictOut(serializers.Serializer[Any]):
    """What publishing this policy would meet."""

    valid = serializers.BooleanField()
    problems = PlaceOut(many=True)
    sentences = serializers.ListField(child=serializers.CharField())


class PurposeOut(serializers.Serializer[Any]):
    slug = serializers.CharField()
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    title = serializers.CharField()


class PolicyView(MarketView):
    @extend_schema(
        summary="The policy in force, or the one that waits for a reviewer",
        responses={200: PolicyOut, **problems(404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        waits = reviews.waiting_of(source)
        if waits is not None:
            return Response(PolicyOut(waits.version).data)
        if source.policy is None:
            raise NotFound(
                f"'{slug}' has no policy yet, so it votes for nobody.",
                code="no_policy",
                next_step=f"PUT /v1/sources/{slug}/policy publishes one.",
            )
        return Response(PolicyOut(source.policy).data)

    @extend_schema(
        summary="Publish a policy",
        description="In force from the next answer on or, where `review` says `waiting`, once it is "
        "approved. The plain form; `/policy/validate` tries it first.",
        request=OpenApiTypes.OBJECT,
        examples=[EXAMPLE],
        responses={200: PolicyOut, **problems(400, 403, 404, 409, 422)},
    )
    def put(self, request: Request, slug: str) -> Response:
        caller = caller_of(request)
        source = own_source(organisation=caller.organisation, slug=slug)
        version = publishing.publish_policy(
            source=source, plain=self.json_object(request), acting_user=caller.user, now=timezone.now()
        )
        return Response(PolicyOut(version).data)


class PolicyValidate(MarketView):
    @extend_schema(
        summary="Try a policy without publishing it",
        request=OpenApiTypes.OBJECT,
        examples=[EXAMPLE],
        responses={200: VerdictOut, **problems(400, 404)},
    )
    def post(self, request: Request, slug: str) -> Response:
        own_source(organisation=caller_of(request).organisation, slug=slug)
        try:
            policy = publishing.read_policy(request.data)
        except Invalid as error:
            return Response({"valid": False, "problems": error.extra["problems"], "sentences": []})
        return Response({"valid": True, "problems": [], "sentences": sentences.sentences(policy)})


class PurposesView(MarketView):
    permission_classes = [AllowAny]

    @extend_schema(
        summary="The taxonomy of purposes", auth=[], responses={200: PurposeOut(many=True), **problems()}
    )
    def get(self, _request: Request) -> Response:
        return Response(PurposeOut(list(purposes.PURPOSES.values()), many=True).data)
