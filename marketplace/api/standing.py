"""/v1/sources/{slug}/suspend, /resume, /withdraw: whether a source votes, from the next answer on."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace import standing
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.repeats import repeatable
from marketplace.api.rows import OwnSourceOut
from marketplace.api.schema import StrictSerializer, problems
from marketplace.own_sources import with_figures
from marketplace.visibility import own_source

ERRORS = problems(400, 403, 404, 409, 422)


class ReasonIn(StrictSerializer):
    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


class Suspend(MarketView):
    @extend_schema(summary="Suspend a source", request=ReasonIn, responses={200: OwnSourceOut, **ERRORS})
    @repeatable
    def post(self, request: Request, slug: str) -> Response:
        caller = caller_of(request)
        source = own_source(organisation=caller.organisation, slug=slug)
        wish = self.body(request, ReasonIn)
        moved = standing.suspend(source=source, acting_user=caller.user, now=timezone.now(), **wish)
        return Response(OwnSourceOut(with_figures(moved)).data)


class Resume(MarketView):
    @extend_schema(summary="Resume a source", request=None, responses={200: OwnSourceOut, **ERRORS})
    @repeatable
    def post(self, request: Request, slug: str) -> Response:
        caller = caller_of(request)
        source = own_source(organisation=caller.organisation, slug=slug)
        moved = standing.resume(source=source, acting_user=caller.user, now=timezone.now())
        return Response(OwnSourceOut(with_figures(moved)).data)


class Withdraw(MarketView):
    @extend_schema(
        summary="Withdraw a source for ever", request=ReasonIn, responses={200: OwnSourceOut, **ERRORS}
    )
    @repeatable
    def post(self, request: Request, slug: str) -> Response:
        caller = caller_of(request)
        source = own_source(organisation=caller.organisation, slug=slug)
        wish = self.body(request, ReasonIn)
        moved = standing.withdraw(source=source, acting_user=caller.user, now=timezone.now(), **wish)
        return Response(OwnSourceOut(with_figures(moved)).data)
