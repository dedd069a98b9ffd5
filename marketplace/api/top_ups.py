"""/v1/account/top-ups: ask for a checkout, see what became of it."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.models import TopUp, TopUpState
from accounting.payments import configured, top_ups
from marketplace import top_ups as buying
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.pagination import page
from marketplace.api.repeats import operation_id_of
from marketplace.api.schema import StrictSerializer, paged, problems


class TopUpIn(StrictSerializer):
    amount_micro_usd = serializers.IntegerField(
        min_value=1, max_value=10**15, help_text="whole cents: a multiple of 10000"
    )


class TopUpOut(serializers.ModelSerializer[TopUp]):
    checkout_url = serializers.SerializerMethodField(help_text="where to pay; null unless it waits for that")

    class Meta:
        model = TopUp
        fields = [
            "id", "state", "provider", "amount_micro_usd", "repaid_micro_usd", "taken_back_micro_usd",
            "checkout_url", "requested_by", "created_at", "paid_at",
        ]  # fmt: skip

    def get_checkout_url(self, top_up: TopUp) -> str | None:
        return top_up.checkout_url if top_up.state == TopUpState.OPEN else None


REPEATABLE = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="the same key and amount: the same checkout"
)


class TopUps(MarketView):
    scope = "account"

    @extend_schema(
        summary="Top-ups of the wallet, newest first",
        parameters=MarketView.page_parameters,
        responses={200: paged(TopUpOut, "TopUp"), **problems(403)},
    )
    def get(self, request: Request) -> Response:
        wallet = caller_of(request).organisation.wallet_account_id
        rows = TopUp.objects.filter(wallet_id=wallet)
        return page(request=request, view=self, rows=rows, serializer=TopUpOut, ordering="-created_at")

    @extend_schema(
        summary="Ask for a checkout that tops the wallet up",
        parameters=[REPEATABLE],
        request=TopUpIn,
        responses={201: TopUpOut, **problems(400, 403, 409, 422, 503)},
    )
    def post(self, request: Request) -> Response:
        caller = caller_of(request)
        wanted: dict[str, Any] = self.body(request, TopUpIn)
        top_up = buying.start(
            organisation=caller.organisation,
            amount_micro_usd=wanted["amount_micro_usd"],
            operation_id=operation_id_of(request),
            provider=configured.provider(),
            return_address=lambda top_up_id: request.build_absolute_uri(_page_of(top_up_id)),
            acting_user=caller.user,
            now=timezone.now(),
        )
        return Response(
            TopUpOut(top_up).data, status=201, headers={"Location": f"/v1/account/top-ups/{top_up.pk}"}
        )


class OneTopUp(MarketView):
    scope = "account"

    @extend_schema(summary="One top-up", responses={200: TopUpOut, **problems(403, 404)})
    def get(self, request: Request, top_up_id: UUID) -> Response:
        wallet = caller_of(request).organisation.wallet_account_id
        return Response(TopUpOut(top_ups.of_wallet(wallet_id=wallet, top_up_id=top_up_id)).data)


def _page_of(top_up_id: UUID) -> str:
    return reverse("portal:top-up", args=[top_up_id])
