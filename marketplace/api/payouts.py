"""/v1/payouts: ask for what your sources earned, follow it, take it back before it is decided."""

from uuid import UUID

from django.conf import settings
from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.models import Payout
from marketplace import payouts
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.csv import CsvRenderer, streamed_table, wants_csv
from marketplace.api.pagination import page
from marketplace.api.repeats import operation_id_of, repeatable
from marketplace.api.schema import StrictSerializer, paged, problems

COLUMNS = [
    "payout_id", "requested_at", "amount_micro_usd", "state", "requested_by", "decided_at", "reason",
    "paid_at", "external_reference",
]  # fmt: skip


class PayoutOut(serializers.ModelSerializer[Payout]):
    payout_id = serializers.UUIDField(source="pk")

    class Meta:
        model = Payout
        fields = COLUMNS


class PayoutIn(StrictSerializer):
    amount_micro_usd = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="null or absent: all that is available"
    )


class PayoutsPageOut(paged(PayoutOut, "Payout")):  # type: ignore[misc]
    available_micro_usd = serializers.IntegerField(help_text="can be asked for now")
    held_micro_usd = serializers.IntegerField(help_text="asked for and not decided")
    on_its_way_micro_usd = serializers.IntegerField(help_text="approved and not yet sent")
    paid_micro_usd = serializers.IntegerField(help_text="sent in all")
    owed_micro_usd = serializers.IntegerField(help_text="refunded after it was paid out")
    refunded_micro_usd = serializers.IntegerField(help_text="given back to buyers in all")
    minimum_micro_usd = serializers.IntegerField(help_text="of one payout")


class Payouts(MarketView):
    scope = "payouts"
    renderer_classes = [JSONRenderer, CsvRenderer]

    @extend_schema(
        operation_id="payouts_list",
        summary="What was asked for, and where your earnings stand",
        parameters=[OpenApiParameter("format", str, enum=["json", "csv"]), *MarketView.page_parameters],
        responses={200: PayoutsPageOut, **problems(403)},
    )
    def get(self, request: Request) -> HttpResponseBase:
        organisation = caller_of(request).organisation
        rows = payouts.of_organisation(organisation)
        if wants_csv(request):
            fields = ["pk", *COLUMNS[1:]]
            return streamed_table(request, columns=COLUMNS, rows=rows, moment="requested_at", fields=fields)
        stand = payouts.figures_of(organisation)
        return page(
            request=request,
            view=self,
            rows=rows,
            serializer=PayoutOut,
            ordering="-requested_at",
            available_micro_usd=stand.available,
            held_micro_usd=stand.held,
            on_its_way_micro_usd=stand.on_its_way,
            paid_micro_usd=stand.paid,
            owed_micro_usd=stand.owed,
            refunded_micro_usd=stand.refunded,
            minimum_micro_usd=settings.PAYOUT_MINIMUM_MICRO_USD,
        )

    @extend_schema(
        summary="Ask for a payout; it holds the earnings until an operator decides",
        request=PayoutIn,
        responses={201: PayoutOut, **problems(403, 409, 422)},
    )
    @repeatable
    def post(self, request: Request) -> Response:
        caller = caller_of(request)
        payout = payouts.request(
            organisation=caller.organisation,
            amount_micro_usd=self.body(request, PayoutIn)["amount_micro_usd"],
            operation_id=operation_id_of(request),
            acting_user=caller.user,
            now=timezone.now(),
        )
        location = {"Location": f"/v1/payouts/{payout.pk}"}
        return Response(PayoutOut(payout).data, status=201, headers=location)


class OnePayout(MarketView):
    scope = "payouts"

    @extend_schema(summary="One payout", responses={200: PayoutOut, **problems(403, 404)})
    def get(self, request: Request, payout_id: UUID) -> Response:
        found = payouts.one_of(organisation=caller_of(request).organisation, payout_id=payout_id)
        return Response(PayoutOut(found).data)


class CancelPayout(MarketView):
    scope = "payouts"

    @extend_schema(
        summary="Take a payout back before it is decided",
        request=None,
        responses={200: PayoutOut, **problems(403, 404, 409)},
    )
    @repeatable
    def post(self, request: Request, payout_id: UUID) -> Response:
        caller = caller_of(request)
        cancelled = payouts.cancel(
            organisation=caller.organisation, payout_id=payout_id, acting_user=caller.user, now=timezone.now()
        )
        return Response(PayoutOut(cancelled).data)
