"""/v1/sources/{slug}/policy: read, publish, and try a policy; /policies: every version and what it changed.

/v1/purposes: the words a policy may use.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.errors import Invalid, NotFound
from marketplace import policy_versions, publishing
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.pagination import page
from marketplace.api.repeats import repeatable
from marketplace.api.rows import PolicyOut, PolicyVersionOut
from marketplace.api.schema import paged, problems
from marketplace.api.standing import ReasonIn
from marketplace.policy import purposes
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


ANNOUNCED = OpenApiExample(
    "announced",
    value={"policy": EXAMPLE.value, "effective_at": "2027-01-01T00:00:00Z"},
    request_only=True,
)
ENVELOPE = frozenset({"policy", "effective_at"})


class PurposeOut(serializers.Serializer[Any]):
    slug = serializers.CharField()
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    title = serializers.CharField()


class PolicyView(MarketView):
    write_scope = "policies:write"

    @extend_schema(
        summary="The policy in force, or the one that waits for a reviewer",
        responses={200: PolicyOut, **problems(404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        version = policy_versions.current(source, timezone.now())
        if version is None:
            raise NotFound(
                f"'{slug}' has no policy yet, so it votes for nobody.",
                code="no_policy",
                next_step=f"PUT /v1/sources/{slug}/policy publishes one.",
            )
        return Response(PolicyOut(version).data)

    @extend_schema(
        summary="Publish a policy",
        description=(
            "The plain form; `/policy/validate` tries it first. In force from the next answer on or, where "
            "`review` says `waiting`, once it is approved; or from `effective_at` on: a query parameter, or "
            "beside the plain form in an object `{policy, effective_at}`. Until then it can be called off."
        ),
        parameters=[OpenApiParameter("effective_at", datetime, description="a moment to come; absent: now")],
        request=OpenApiTypes.OBJECT,
        examples=[EXAMPLE, ANNOUNCED],
        responses={200: PolicyOut, **problems(400, 403, 404, 409, 422)},
    )
    def put(self, request: Request, slug: str) -> Response:
        caller = caller_of(request)
        source = own_source(organisation=caller.organisation, slug=slug)
        plain, moment = _unwrapped(self.json_object(request))
        version = publishing.publish_policy(
            source=source,
            plain=plain,
            acting_user=caller.user,
            now=timezone.now(),
            effective_at=_moment(request.query_params.get("effective_at", moment)),
        )
        return Response(PolicyOut(version).data)


class Policies(MarketView):
    @extend_schema(
        operation_id="policies_list",
        summary="Every version of the policy, newest first, with what each changed",
        parameters=MarketView.page_parameters,
        responses={200: paged(PolicyVersionOut, "PolicyVersion"), **problems(403, 404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        rows = policy_versions.versions_of(source)
        return page(request=request, view=self, rows=rows, serializer=PolicyVersionOut, ordering="-number")


class OnePolicy(MarketView):
    @extend_schema(
        summary="One version of the policy, with what it changed",
        responses={200: PolicyVersionOut, **problems(403, 404)},
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        return Response(PolicyVersionOut(policy_versions.one_of(source=source, number=number)).data)


class CancelPolicy(MarketView):
    write_scope = "policies:write"

    @extend_schema(
        summary="Call off a version before its moment",
        request=ReasonIn,
        responses={200: PolicyVersionOut, **problems(400, 403, 404, 409, 422)},
    )
    @repeatable
    def post(self, request: Request, slug: str, number: int) -> Response:
        caller = caller_of(request)
        source = own_source(organisation=caller.organisation, slug=slug)
        wish = self.body(request, ReasonIn)
        publishing.cancel_policy(
            source=source, number=number, acting_user=caller.user, now=timezone.now(), **wish
        )
        return Response(PolicyVersionOut(policy_versions.one_of(source=source, number=number)).data)


def _unwrapped(body: dict[str, Any]) -> tuple[Any, object]:
    """The plain form and the moment beside it: no term of a policy is called `policy`."""
    if "policy" not in body:
        return body, None
    unknown = sorted(body.keys() - ENVELOPE)
    if unknown or not isinstance(body["policy"], Mapping):
        raise Invalid(
            "Beside `policy`, an object in the plain form, only `effective_at` can stand.",
            next_step="Send the plain form itself, or {policy, effective_at}.",
        )
    return body["policy"], body.get("effective_at")


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise Invalid(
            "`effective_at` is not a moment.",
            param="effective_at",
            next_step="Write it like 2027-01-31T00:00:00Z.",
        ) from error


class PurposesView(MarketView):
    permission_classes = [AllowAny]

    @extend_schema(
        summary="The taxonomy of purposes", auth=[], responses={200: PurposeOut(many=True), **problems()}
    )
    def get(self, _request: Request) -> Response:
        return Response(PurposeOut(list(purposes.PURPOSES.values()), many=True).data)
