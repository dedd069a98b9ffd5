"""/v1/sources/{slug}/budgets: what a source may give, how long it lasts, its alerts, pausing and resuming.

Limits are set by the policy, whose every version is kept; nothing here changes one.
"""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace import budget_report, pausing
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.pagination import PageByCursor, page
from marketplace.api.repeats import repeatable
from marketplace.api.schema import StrictSerializer, paged, problems
from marketplace.models import BudgetAlert, Source
from marketplace.visibility import own_source

KINDS = ["lifetime", "privacy", "answer", "hour", "day", "month"]
STATES = ["open", "exhausted", "paused", "unlimited", "over"]


class BudgetLineOut(serializers.Serializer[Any]):
    budget = serializers.CharField(help_text="its name, for pause and resume")
    kind = serializers.ChoiceField(KINDS)
    window = serializers.ChoiceField(["calendar", "rolling"], source="window_kind", allow_null=True)
    consumers = serializers.ChoiceField(["each", "all"], allow_null=True)
    consumer = serializers.CharField(allow_null=True, help_text="null in a window of each: any that comes")
    starts_at = serializers.DateTimeField(allow_null=True, help_text="of the calendar period, UTC")
    ends_at = serializers.DateTimeField(allow_null=True)
    day = serializers.DateField(allow_null=True)
    state = serializers.ChoiceField(STATES)
    limit_nano_nats = serializers.IntegerField(allow_null=True, help_text="null is unlimited, which is not 0")
    spent_nano_nats = serializers.IntegerField(help_text="rolling: within the window")
    held_nano_nats = serializers.IntegerField(help_text="by answers that are under way")
    left_nano_nats = serializers.IntegerField(allow_null=True)
    limit_nats = serializers.FloatField(allow_null=True)
    spent_nats = serializers.FloatField()
    held_nats = serializers.FloatField()
    left_nats = serializers.FloatField(allow_null=True)
    recent_answers = serializers.IntegerField(source="rate.answers", help_text="of the last 24 hours")
    recent_nano_nats = serializers.IntegerField(source="rate.nano_nats", help_text="of the last 24 hours")
    answers_left = serializers.IntegerField(allow_null=True, help_text="estimate, at the recent rate")
    runs_out_at = serializers.DateTimeField(allow_null=True, help_text="estimate, at the recent rate")
    lasts = serializers.BooleanField(
        allow_null=True, help_text="estimate: the window renews itself before it is used up"
    )
    alerts = serializers.ListField(
        child=serializers.IntegerField(), help_text="percentages that were reached and told"
    )
    paused = serializers.DictField(source="pause", allow_null=True, help_text="at, by and reason")
    delta = serializers.FloatField(allow_null=True)
    epsilon_spent = serializers.FloatField(allow_null=True, help_text="for the presence of the source")
    epsilon_spent_if_replaced = serializers.FloatField(
        allow_null=True, help_text="for other data in its place"
    )
    epsilon_limit = serializers.FloatField(allow_null=True, help_text="what the whole budget guarantees")
    epsilon_limit_if_replaced = serializers.FloatField(allow_null=True)


class AlertOut(serializers.ModelSerializer[BudgetAlert]):
    consumer = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)

    class Meta:
        model = BudgetAlert
        fields = [
            "budget", "consumer", "starts_at", "percent", "limit_nano_nats", "spent_nano_nats", "raised_at",
            "rearmed_at",
        ]  # fmt: skip


class ResumeIn(StrictSerializer):
    budget = serializers.CharField(max_length=32)
    consumer = serializers.CharField(max_length=64, allow_null=True, default=None)


class PauseIn(ResumeIn):
    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


class Budgets(MarketView):
    @extend_schema(
        summary="Where its intelligence budgets stand",
        description="The first page begins with lifetime, privacy, one answer and the windows of all "
        "consumers; each consumer that used a window follows. With `past=true`: the periods that are over.",
        parameters=[
            OpenApiParameter("consumer", str, description="only this consumer's windows"),
            OpenApiParameter("past", bool),
            *MarketView.page_parameters,
        ],
        responses={200: paged(BudgetLineOut, "Budget"), **problems(404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        now, wish = timezone.now(), request.query_params
        past = wish.get("past", "").lower() in {"true", "1"}
        narrow = past or "consumer" in wish or PageByCursor.cursor_query_param in wish
        rows = (budget_report.past_rows if past else budget_report.consumers_rows)(source=source, now=now)
        if "consumer" in wish:
            rows = rows.filter(consumer__slug=wish["consumer"])
        paginator = PageByCursor()
        found = list(paginator.paginate_queryset(rows, request, view=self) or [])
        lines = budget_report.budgets_of(source=source, rows=found, now=now, lasting=not narrow)
        return Response(
            {
                "results": BudgetLineOut(lines, many=True).data,
                "next": paginator.get_next_link(),
                "previous": paginator.get_previous_link(),
            }
        )


class Alerts(MarketView):
    @extend_schema(
        summary="What was told about its budgets",
        description="Half, four fifths and all of a budget spent, once each; newest first.",
        parameters=MarketView.page_parameters,
        responses={200: paged(AlertOut, "BudgetAlert"), **problems(404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        rows = BudgetAlert.objects.filter(source=source).select_related("consumer")
        return page(request=request, view=self, rows=rows, serializer=AlertOut)


class Pause(MarketView):
    @extend_schema(
        summary="Pause a budget",
        description="Answers that would count against it leave the source out from now on; one that is under "
        "way loses it at its next top-up.",
        request=PauseIn,
        responses={200: paged(BudgetLineOut, "Budget"), **problems(400, 403, 404, 409, 422)},
    )
    @repeatable
    def post(self, request: Request, slug: str) -> Response:
        caller, now = caller_of(request), timezone.now()
        source = own_source(organisation=caller.organisation, slug=slug)
        wish = self.body(request, PauseIn)
        return _lines(pausing.pause(source=source, acting_user=caller.user, now=now, **wish), wish, now)


class Resume(MarketView):
    @extend_schema(
        summary="Resume a budget",
        request=ResumeIn,
        responses={200: paged(BudgetLineOut, "Budget"), **problems(400, 403, 404, 409, 422)},
    )
    @repeatable
    def post(self, request: Request, slug: str) -> Response:
        caller, now = caller_of(request), timezone.now()
        source = own_source(organisation=caller.organisation, slug=slug)
        wish = self.body(request, ResumeIn)
        return _lines(pausing.resume(source=source, acting_user=caller.user, now=now, **wish), wish, now)


def _lines(source: Source, wish: dict[str, Any], now: datetime) -> Response:
    """The budget that was meant, as it stands now; a window of each consumer may be several lines."""
    rows = budget_report.consumers_rows(source=source, now=now)
    if wish["consumer"] is not None:
        rows = rows.filter(consumer__slug=wish["consumer"])
    found = budget_report.budgets_of(source=source, rows=list(rows.order_by("pk")[:200]), now=now)
    lines = [line for line in found if line.budget == wish["budget"]]
    return Response({"results": BudgetLineOut(lines, many=True).data, "next": None, "previous": None})
