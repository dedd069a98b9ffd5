"""/v1/sources/{slug}/zero-influence: evidence that a source which is off moves no answer, for its owner."""

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.errors import Conflict, NotFound
from marketplace import zero_influence
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.pagination import page
from marketplace.api.repeats import repeatable
from marketplace.api.schema import paged, problems
from marketplace.models import ZeroInfluence
from marketplace.visibility import own_source


class CertificateOut(serializers.ModelSerializer[ZeroInfluence]):
    certificate_id = serializers.UUIDField(source="pk")
    evidence = serializers.JSONField(
        allow_null=True, help_text="what was found; exactly this is signed where the state is zero"
    )

    class Meta:
        model = ZeroInfluence
        fields = ["certificate_id", "state", "requested_at", "finished_at", "problem", "evidence"]


class Certificates(MarketView):
    @extend_schema(
        operation_id="zero_influence_list",
        summary="The certificates of zero influence of a source, newest first",
        parameters=MarketView.page_parameters,
        responses={200: paged(CertificateOut, "ZeroInfluence"), **problems(404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        rows = ZeroInfluence.objects.filter(source=source)
        return page(
            request=request, view=self, rows=rows, serializer=CertificateOut, ordering="-requested_at"
        )

    @extend_schema(
        summary="Have zero influence computed and certified",
        description="For a source that is off for everybody: withdrawn, suspended, without a policy or a "
        "partition, or with its lifetime budget spent or paused. The engine computes it; ask for the "
        "certificate until its state is zero or failed.",
        request=None,
        responses={202: CertificateOut, **problems(403, 404, 409)},
    )
    @repeatable
    def post(self, request: Request, slug: str) -> Response:
        caller = caller_of(request)
        source = own_source(organisation=caller.organisation, slug=slug)
        made = zero_influence.request(source=source, acting_user=caller.user, now=timezone.now())
        return Response(CertificateOut(made).data, status=202)


class OneCertificate(MarketView):
    @extend_schema(
        summary="A certificate of zero influence", responses={200: CertificateOut, **problems(404)}
    )
    def get(self, request: Request, slug: str, certificate_id: UUID) -> Response:
        return Response(CertificateOut(_found(request, slug, certificate_id)).data)


class CertificateJws(MarketView):
    @extend_schema(
        summary="The certificate as it was signed: a compact JWS, checked by /.well-known/jwks.json",
        responses={(200, "application/jose"): OpenApiTypes.STR, **problems(404, 409)},
    )
    def get(self, request: Request, slug: str, certificate_id: UUID) -> HttpResponse:
        found = _found(request, slug, certificate_id)
        if not found.jws:
            raise Conflict(
                found.problem or "It is still being computed.",
                code="not_certified",
                next_step="Only a certificate whose state is zero is signed.",
            )
        return HttpResponse(found.jws, content_type="application/jose")


def _found(request: Request, slug: str, certificate_id: UUID) -> ZeroInfluence:
    source = own_source(organisation=caller_of(request).organisation, slug=slug)
    found = ZeroInfluence.objects.filter(source=source, pk=certificate_id).first()
    if found is None:
        raise NotFound("There is no such certificate.")
    return found
