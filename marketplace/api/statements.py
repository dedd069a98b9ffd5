"""/v1/account/statement, /v1/earnings/statement and a source's own: a month, streamed as JSON or CSV."""

from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from accounting.periods import Month
from marketplace import statement_texts, statements
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.csv import CsvRenderer, wants_csv
from marketplace.api.schema import problems
from marketplace.statements import NamedStatement
from marketplace.streaming import streamed
from marketplace.visibility import own_source

MONTH = OpenApiParameter("month", str, description="YYYY-MM in UTC; the current month when left out")
PARAMETERS = [MONTH, OpenApiParameter("format", str, enum=["json", "csv"])]


class LineOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    kind = serializers.CharField(help_text="answer, or what else moved: top-up, payout, refund, ...")
    receipt_id = serializers.UUIDField(allow_null=True)
    receipt = serializers.CharField(allow_null=True, help_text="where the receipt is")
    transfer_id = serializers.UUIDField(allow_null=True, help_text="of what is no answer")
    reverses_transfer_id = serializers.UUIDField(allow_null=True)
    amount_micro_usd = serializers.IntegerField(help_text="came in: positive; went out: negative")
    balance_micro_usd = serializers.IntegerField(help_text="after this line")


class PaidLineOut(LineOut):
    sources = serializers.ListField(child=serializers.CharField(), help_text="what the answer rested on")
    charges_micro_usd = serializers.IntegerField(allow_null=True, help_text="to owners, with floors")
    fee_micro_usd = serializers.IntegerField(allow_null=True)
    shared_nano_nats = serializers.IntegerField(allow_null=True)


class EarnedLineOut(LineOut):
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    consumer = serializers.CharField(allow_null=True)
    nano_nats = serializers.IntegerField(allow_null=True)
    charge_micro_usd = serializers.IntegerField(allow_null=True)
    floor_top_up_micro_usd = serializers.IntegerField(allow_null=True)


class TotalOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    lines = serializers.IntegerField()
    amount_micro_usd = serializers.IntegerField()


class SharedOut(serializers.Serializer[Any]):
    nano_nats = serializers.IntegerField(help_text="signed")
    nats = serializers.FloatField()
    answers = serializers.IntegerField(help_text="that were measured")
    meaning = serializers.CharField()


class StatementOut(serializers.Serializer[Any]):
    """Opening balance + lines = closing balance, exactly."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            "statement": serializers.ChoiceField(["paid", "earned"]),
            "organisation": serializers.CharField(),
            "source": serializers.CharField(allow_null=True),
            "currency": serializers.CharField(),
            "unit": serializers.CharField(),
            "month": serializers.CharField(),
            "time_zone": serializers.CharField(),
            "from": serializers.DateTimeField(),
            "to": serializers.DateTimeField(help_text="not included"),
            "as_of": serializers.DateTimeField(help_text="what came later is not in it"),
            "final": serializers.BooleanField(help_text="whether nothing can be added any more"),
            "opening_balance_micro_usd": serializers.IntegerField(),
            "totals": TotalOut(many=True),
            "answers": serializers.DictField(child=serializers.IntegerField()),
            "line_count": serializers.IntegerField(),
            "moved_micro_usd": serializers.IntegerField(),
            "closing_balance_micro_usd": serializers.IntegerField(),
            "shared_influence": SharedOut(allow_null=True),
        }


class PaidOut(StatementOut):
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {**super().get_fields(), "lines": PaidLineOut(many=True)}


class EarnedOut(StatementOut):
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {**super().get_fields(), "lines": EarnedLineOut(many=True)}


class AccountStatement(MarketView):
    scope = "account"
    renderer_classes = [JSONRenderer, CsvRenderer]

    @extend_schema(
        summary="A month of the wallet: what was paid, and what came in",
        parameters=PARAMETERS,
        responses={200: PaidOut, **problems(403, 422)},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        named = statements.of_consumer(
            organisation=caller_of(request).organisation, month=month_of(request), now=timezone.now()
        )
        return _reply(request, named)


class EarningsStatement(MarketView):
    renderer_classes = [JSONRenderer, CsvRenderer]

    @extend_schema(
        summary="A month of all your sources: what they earned, and what was paid out",
        parameters=PARAMETERS,
        responses={200: EarnedOut, **problems(403, 422)},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        caller = caller_of(request)
        caller.require_all_sources()
        named = statements.of_owner(
            organisation=caller.organisation, month=month_of(request), now=timezone.now()
        )
        return _reply(request, named)


class SourceStatement(MarketView):
    renderer_classes = [JSONRenderer, CsvRenderer]

    @extend_schema(
        summary="A month of one source: what it earned, and what was paid out",
        parameters=PARAMETERS,
        responses={200: EarnedOut, **problems(403, 404, 422)},
    )
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        organisation = caller_of(request).organisation
        source = own_source(organisation=organisation, slug=slug)
        named = statements.of_owner(
            organisation=organisation, source=source, month=month_of(request), now=timezone.now()
        )
        return _reply(request, named)


def month_of(request: Request) -> Month:
    written = request.query_params.get("month")
    return Month.of(timezone.now()) if written is None else Month.parse(written)


def _reply(request: Request, named: NamedStatement) -> StreamingHttpResponse:
    if wants_csv(request):
        return streamed(
            request._request,
            statement_texts.as_csv(named),
            content_type="text/csv; charset=utf-8",
            filename=f"{named.filename}.csv",
        )
    return streamed(request._request, statement_texts.as_json(named), content_type="application/json")
