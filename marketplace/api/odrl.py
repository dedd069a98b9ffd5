"""/v1/sources/{slug}/odrl: the policy as an ODRL offer; /ns/abc/v1: the profile that its terms are from."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.errors import Invalid, NotFound
from marketplace import offers, policy_versions, publishing
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.openly import OpenView
from marketplace.api.rows import PolicyOut
from marketplace.api.schema import PlaceOut, problems
from marketplace.policy import sentences
from marketplace.policy.odrl import context
from marketplace.scopes import READING
from marketplace.visibility import own_source, visible_source

LINKED_DATA, TURTLE = "application/ld+json", "text/turtle"
DAY = 86_400


class LinkedDataParser(JSONParser):
    media_type = LINKED_DATA


class LinkedDataRenderer(JSONRenderer):
    media_type = LINKED_DATA
    format = "jsonld"


class OfferVerdictOut(serializers.Serializer[Any]):
    """What importing this offer would meet."""

    valid = serializers.BooleanField()
    problems = PlaceOut(many=True)
    sentences = serializers.ListField(child=serializers.CharField())
    plain = serializers.DictField(allow_null=True, help_text="what it is in the plain form")


class OdrlView(MarketView):
    """Bodies and answers may call themselves linked data."""

    parser_classes = [JSONParser, LinkedDataParser]
    renderer_classes = [JSONRenderer, LinkedDataRenderer]


class Offer(OdrlView, OpenView):
    write_scope = "policies:write"

    def get_permissions(self) -> Sequence[Any]:
        """Everybody reads; only who has a key with its scope, or is signed in, writes."""
        reading = self.request.method in READING
        return [kind() for kind in (OpenView if reading else MarketView).permission_classes]

    @extend_schema(
        summary="The policy as an ODRL 2.2 offer",
        description="JSON-LD in the profile at `/ns/abc/v1`. Its owner gets it in full; in what others get, "
        "names of organisations and sources are `abc:undisclosed`. Needs no key.",
        responses={(200, LINKED_DATA): OpenApiTypes.OBJECT, **problems(404)},
        auth=[],
    )
    def get(self, request: Request, slug: str) -> Response:
        organisation = self.organisation_of(request)
        source = visible_source(organisation=organisation, slug=slug)
        in_full = organisation is not None and source.organisation_id == organisation.pk
        find = policy_versions.current if in_full else policy_versions.in_force
        version = find(source, timezone.now()) if source.opened else None  # type: ignore[attr-defined]
        if version is None:
            raise NotFound(
                f"'{slug}' has no offer that is open to you.",
                code="no_offer",
                next_step="Its owner publishes a policy, or opens it to you by an agreement.",
            )
        offer = offers.offer_of(source, version, base=base_of(request), in_full=in_full)
        return Response(offer, content_type=LINKED_DATA)

    @extend_schema(
        summary="Import an ODRL 2.2 offer as the policy",
        description="Publishes what the offer says, like `PUT /policy`. What is not known here is refused "
        "with its JSON path. The offer that is in force already is answered again.",
        request={LINKED_DATA: OpenApiTypes.OBJECT, "application/json": OpenApiTypes.OBJECT},
        responses={200: PolicyOut, **problems(400, 403, 404, 409, 422)},
    )
    def put(self, request: Request, slug: str) -> Response:
        caller = caller_of(request)
        source = own_source(organisation=caller.organisation, slug=slug)
        version = offers.import_offer(
            source=source, document=self.json_object(request), base=base_of(request),
            acting_user=caller.user, now=timezone.now(),
        )  # fmt: skip
        return Response(PolicyOut(version).data)


class OfferValidate(OdrlView):
    write_scope = "sources:read"  # it changes nothing

    @extend_schema(
        summary="Try an ODRL offer without importing it",
        request={LINKED_DATA: OpenApiTypes.OBJECT, "application/json": OpenApiTypes.OBJECT},
        responses={200: OfferVerdictOut, **problems(400, 404)},
    )
    def post(self, request: Request, slug: str) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        try:
            plain = offers.read_offer(source, request.data, base=base_of(request))
        except Invalid as error:
            wrong = error.extra["problems"]
            return Response({"valid": False, "problems": wrong, "sentences": [], "plain": None})
        said = sentences.sentences(publishing.read_policy(plain))
        return Response({"valid": True, "problems": [], "sentences": said, "plain": plain})


@require_safe
@vary_on_headers("Accept")
def profile(request: HttpRequest) -> HttpResponse:
    """The context and the terms, as linked data or as Turtle; any page may read them."""
    base = base_of(request)
    reply: HttpResponse
    if request.get_preferred_type([LINKED_DATA, "application/json", TURTLE]) == TURTLE:
        reply = HttpResponse(context.turtle(base), content_type=f"{TURTLE}; charset=utf-8")
    else:
        reply = JsonResponse(context.document(base), content_type=LINKED_DATA)
    reply["Cache-Control"] = f"public, max-age={DAY}"
    reply["Access-Control-Allow-Origin"] = "*"
    return reply


def base_of(request: Request | HttpRequest) -> str:
    """How the caller addresses this market."""
    return request.build_absolute_uri("/")[:-1]
