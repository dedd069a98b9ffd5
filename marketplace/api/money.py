"""/v1/account, /v1/account/usage, and a source's /earnings: numbers that lead to receipts."""

from typing import Any

from django.conf import settings
from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounting import free_credit, ledger, refunded, statements
from accounting.errors import Invalid
from accounting.models import Receipt
from accounting.payments import crediting
from accounting.periods import Month
from marketplace import earnings, spend_caps
from marketplace.api.base import MarketView
from marketplace.api.caller import Caller, caller_of
from marketplace.api.csv import CsvRenderer, streamed_table, wants_csv
from marketplace.api.pagination import page
from marketplace.api.rows import EarningOut
from marketplace.api.schema import paged, problems
from marketplace.visibility import own_source


class WindowIn(serializers.Serializer[Any]):
    """`from` belongs to the window, `to` does not; `month` says both."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            "from": serializers.DateTimeField(required=False, source="since"),
            "to": serializers.DateTimeField(required=False, source="until"),
        }


WINDOW = [
    OpenApiParameter("from", str, description="moment, inclusive"),
    OpenApiParameter("to", str, description="moment, exclusive"),
    OpenApiParameter("month", str, description="YYYY-MM in UTC, in place of from and to"),
    OpenApiParameter("format", str, enum=["json", "csv"]),
    *MarketView.page_parameters,
]


class KeyOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    default_purpose = serializers.CharField()
    spend_cap_micro_usd = serializers.IntegerField(allow_null=True)
    spend_left_micro_usd = serializers.IntegerField(allow_null=True)
    daily_cap_micro_usd = serializers.IntegerField(allow_null=True, help_text="for each UTC day")
    daily_left_micro_usd = serializers.IntegerField(allow_null=True, help_text="of the current UTC day")
    expires_at = serializers.DateTimeField(allow_null=True)


class AccountOut(serializers.Serializer[Any]):
    organisation = serializers.CharField()
    currency = serializers.CharField()
    unit = serializers.CharField(help_text="amounts are whole micro-USD")
    balance_micro_usd = serializers.IntegerField(help_text="what was paid in and not spent")
    held_micro_usd = serializers.IntegerField(help_text="the part that running answers hold")
    available_micro_usd = serializers.IntegerField()
    owed_micro_usd = serializers.IntegerField(
        help_text="claimed back by a payer after it was spent; the next top-up pays it first"
    )
    free_credit_due_micro_usd = serializers.IntegerField(
        help_text="what the platform adds with the first answer of this UTC month"
    )
    key = KeyOut(allow_null=True)


class UsageLineOut(serializers.Serializer[Any]):
    source = serializers.CharField(source="label")  # type: ignore[assignment]
    nano_nats = serializers.IntegerField()
    charge_micro_usd = serializers.IntegerField()
    floor_top_up_micro_usd = serializers.IntegerField()


class UsageOut(serializers.ModelSerializer[Receipt]):
    receipt_id = serializers.UUIDField(source="pk")
    sources = UsageLineOut(source="lines", many=True)

    class Meta:
        model = Receipt
        fields = [
            "receipt_id", "issued_at", "charges_micro_usd", "fee_micro_usd", "total_micro_usd", "sources"
        ]  # fmt: skip


class Account(MarketView):
    scope = "account"

    @extend_schema(
        summary="Balance and holds of the organisation", responses={200: AccountOut, **problems(403)}
    )
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        balance = ledger.balance(caller.organisation.wallet_account_id)
        account = {
            "organisation": caller.organisation.slug,
            "currency": "USD",
            "unit": "micro_usd",
            "balance_micro_usd": balance.posted,
            "held_micro_usd": balance.pending,
            "available_micro_usd": balance.available,
            "owed_micro_usd": crediting.owed_micro_usd(caller.organisation.wallet_account_id),
            "free_credit_due_micro_usd": free_credit.due_micro_usd(
                wallet_id=caller.organisation.wallet_account_id,
                amount_micro_usd=settings.FREE_CREDIT_MICRO_USD_A_MONTH,
                now=timezone.now(),
            ),
            "key": _key(caller),
        }
        return Response(AccountOut(account).data)


class Usage(MarketView):
    scope = "account"
    renderer_classes = [JSONRenderer, CsvRenderer]
    columns = ["receipt_id", "issued_at", "charges_micro_usd", "fee_micro_usd", "total_micro_usd"]

    @extend_schema(
        summary="What was paid, receipt by receipt",
        parameters=WINDOW,
        responses={200: paged(UsageOut, "Usage"), **problems(403, 422)},
    )
    def get(self, request: Request) -> HttpResponseBase:
        wallet = caller_of(request).organisation.wallet_account_id
        rows = statements.usage_lines(wallet_id=wallet, **_window(request))
        if wants_csv(request):
            return streamed_table(
                request, columns=self.columns, rows=rows, moment="issued_at", fields=["pk", *self.columns[1:]]
            )
        return page(request=request, view=self, rows=rows, serializer=UsageOut, ordering="-issued_at")


class Earnings(MarketView):
    renderer_classes = [JSONRenderer, CsvRenderer]

    @extend_schema(
        summary="What the source earned, line by line",
        parameters=WINDOW,
        responses={200: paged(EarningOut, "Earning"), **problems(404, 422)},
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        window = _window(request)
        rows = earnings.lines_of(source=source, **window)
        if wants_csv(request):
            columns = list(EarningOut.Meta.fields)
            return streamed_table(request, columns=columns, rows=rows, moment="issued_at", fields=columns)
        sums = statements.earnings(earnings_account_ids=[source.earnings_account_id], **window)
        return page(
            request=request,
            view=self,
            rows=rows,
            serializer=EarningOut,
            earned_micro_usd=sums.total_micro_usd,
            refunded_micro_usd=refunded.from_earnings([source.earnings_account_id]),
        )


def _window(request: Request) -> dict[str, Any]:
    named = {key: value for key, value in request.query_params.items() if key in {"from", "to"}}
    written = request.query_params.get("month")
    if written is not None:
        if named:
            raise Invalid("Give either `month`, or `from` and `to`.", next_step="Leave one of them out.")
        month = Month.parse(written)
        return {"since": month.since, "until": month.until}
    window = WindowIn(data=named)
    window.is_valid(raise_exception=True)
    return dict(window.validated_data)


def _key(caller: Caller) -> dict[str, Any] | None:
    key = caller.api_key
    if key is None:
        return None
    caps = spend_caps.states([key], now=timezone.now())[key.pk]
    return {
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "default_purpose": key.default_purpose,
        "spend_cap_micro_usd": key.spend_cap_micro_usd,
        "spend_left_micro_usd": None if caps.in_all is None else caps.in_all.left,
        "daily_cap_micro_usd": key.daily_cap_micro_usd,
        "daily_left_micro_usd": None if caps.daily is None else caps.daily.left,
        "expires_at": key.expires_at,
    }
