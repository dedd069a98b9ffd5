"""/v1/sources/{slug}/policy/backtest: what a draft would have changed in the last days."""

from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace import publishing, tables
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.csv import CsvRenderer, wants_csv
from marketplace.api.schema import StrictSerializer, problems
from marketplace.backtest.rows import COLUMNS, By, as_json, rows
from marketplace.backtest.run import MOST_DAYS, backtest
from marketplace.streaming import streamed
from marketplace.visibility import own_source


class BacktestIn(StrictSerializer):
    policy = serializers.JSONField(help_text="the draft, in its plain form")
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, default=30)


class SumsOut(serializers.Serializer[Any]):
    answers = serializers.IntegerField(help_text="that were served")
    refused = serializers.IntegerField(help_text="of them, by the draft's clauses or budgets")
    limited = serializers.IntegerField(help_text="of them, that a limit of the draft would have cut")
    unknown = serializers.IntegerField(help_text="of them, whose purpose is not on record")
    nano_nats = serializers.IntegerField(help_text="influence that was spent")
    draft_nano_nats = serializers.IntegerField(help_text="influence that the draft would have spent")
    micro_usd = serializers.IntegerField(help_text="income as it was billed")
    draft_micro_usd = serializers.IntegerField(help_text="income under the draft, rounded as it is billed")
    considered = serializers.IntegerField(
        help_text="requests that were refused and that the draft would consider"
    )


class ByConsumerOut(SumsOut):
    consumer = serializers.CharField(
        allow_null=True, help_text="null: all that you have no receipt of, in one line"
    )


class ByDayOut(SumsOut):
    day = serializers.DateField(help_text="in UTC")


class ByRuleOut(serializers.Serializer[Any]):
    rule = serializers.CharField()
    count = serializers.IntegerField()


class BacktestOut(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            "days": serializers.IntegerField(),
            "from": serializers.DateTimeField(),
            "to": serializers.DateTimeField(help_text="not included"),
            "total": SumsOut(),
            "refused_by_rule": ByRuleOut(many=True, help_text="rules of the draft"),
            "considered_by_rule": ByRuleOut(many=True, help_text="rules that refused them then"),
            "by_consumer": ByConsumerOut(many=True, help_text="at most 200; the CSV has all"),
            "more_consumers": serializers.IntegerField(help_text="that `by_consumer` leaves out"),
            "by_day": ByDayOut(many=True),
            "notes": serializers.ListField(child=serializers.CharField()),
        }


class PolicyBacktest(MarketView):
    write_scope = "sources:read"  # it changes nothing
    renderer_classes = [JSONRenderer, CsvRenderer]

    @extend_schema(
        summary="Replay the last days of answers against a draft",
        description="Publishes nothing. Answers are priced and rounded as they are billed; requests that "
        "were refused are judged by the counts of their day.",
        request=BacktestIn,
        parameters=[
            OpenApiParameter("format", str, enum=["json", "csv"]),
            OpenApiParameter("by", str, enum=["consumer", "day"], description="the rows of the CSV"),
        ],
        responses={200: BacktestOut, **problems(400, 404, 422)},
    )
    def post(self, request: Request, slug: str) -> HttpResponseBase:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        asked = self.body(request, BacktestIn)
        draft = publishing.read_policy(asked["policy"])
        result = backtest(source=source, draft=draft, days=asked["days"], now=timezone.now())
        if not wants_csv(request):
            return Response(as_json(result))
        by: By = "day" if request.query_params.get("by") == "day" else "consumer"
        lines = tables.lines((by, *COLUMNS), rows(result, by))
        return streamed(request._request, lines, content_type="text/csv; charset=utf-8")
