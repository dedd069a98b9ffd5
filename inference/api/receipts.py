"""/v1/receipts: list, show, the signed text, and verify."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.models import Receipt
from inference import intake, receipts, verification
from inference.api.base import AskingView, all_events
from inference.api.schema import VerificationOut
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.pagination import page
from marketplace.api.schema import paged, problems


class ReceiptRowOut(serializers.ModelSerializer[Receipt]):
    receipt_id = serializers.UUIDField(source="pk")
    mode = serializers.CharField(source="body.mode", default=None)

    class Meta:
        model = Receipt
        fields = ["receipt_id", "issued_at", "mode", "charges_micro_usd", "fee_micro_usd", "total_micro_usd"]


class Receipts(MarketView):
    scope = "receipts"

    @extend_schema(
        operation_id="receipts_list",
        summary="The receipts of what you bought",
        parameters=MarketView.page_parameters,
        responses={200: paged(ReceiptRowOut, "Receipt"), **problems(403)},
    )
    def get(self, request: Request) -> Response:
        rows = receipts.bought_by(caller_of(request).organisation)
        return page(request=request, view=self, rows=rows, serializer=ReceiptRowOut, ordering="-issued_at")


class OneReceipt(MarketView):
    scope = "receipts"

    @extend_schema(
        summary="A receipt, with its refunds: whole for its buyer, own lines for owners who were paid",
        responses={200: OpenApiTypes.OBJECT, **problems(403, 404)},
    )
    def get(self, request: Request, receipt_id: UUID) -> Response:
        seen = receipts.seen_by(organisation=caller_of(request).organisation, receipt_id=receipt_id)
        return Response({**seen.body(), **seen.refunds()})


class ReceiptJws(MarketView):
    scope = "receipts"

    @extend_schema(
        summary="The receipt as it was signed: a compact JWS, checked by /.well-known/jwks.json",
        responses={(200, "application/jose"): OpenApiTypes.STR, **problems(403, 404)},
    )
    def get(self, request: Request, receipt_id: UUID) -> HttpResponse:
        seen = receipts.seen_by(organisation=caller_of(request).organisation, receipt_id=receipt_id)
        seen.require_whole()
        return HttpResponse(seen.receipt.jws, content_type="application/jose")


class VerifyReceipt(AskingView):
    scope = "receipts"

    @extend_schema(
        summary="Check signature and sums, and compute the divergences again",
        request=None,
        responses={200: OpenApiResponse(VerificationOut), **problems(403, 404)},
    )
    def post(self, request: Request, receipt_id: UUID) -> Response:
        caller = self.caller(request)
        seen = receipts.seen_by(organisation=caller.organisation, receipt_id=receipt_id)
        checked = verification.check(seen.receipt)
        told = checked.as_json(seen.known_sources)
        if checked.obstacle is None:
            told |= verification.replay_findings(
                self._replayed(request, caller, receipt_id), seen.known_sources
            )
        return Response(told)

    def _replayed(self, request: Request, caller: intake.Caller, receipt_id: UUID) -> dict[str, Any]:
        answer = intake.submit_verification(caller=caller, receipt_id=str(receipt_id), now=timezone.now())
        self.request_id = str(answer.pk)
        found: dict[str, Any] = all_events(request, answer)[-1]["verification"]
        return found
