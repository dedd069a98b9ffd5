"""/v1/sources/{slug}/privacy: what private answers cost the source so far, and what they never exceed."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace import privacy_report
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.schema import problems
from marketplace.visibility import own_source


class GuaranteeOut(serializers.Serializer[Any]):
    delta = serializers.FloatField()
    epsilon = serializers.FloatField(
        help_text="for the presence or absence of the source; the best over all orders"
    )
    epsilon_if_replaced = serializers.FloatField(help_text="for other data in its place: four times the zCDP")


class ReadingOut(serializers.Serializer[Any]):
    alpha = serializers.FloatField(help_text="the order of the nats")
    nano_nats = serializers.IntegerField()
    nano_zcdp = serializers.IntegerField(help_text="nano-nats divided by alpha, rounded up")
    nano_zcdp_if_replaced = serializers.IntegerField()
    guarantees = GuaranteeOut(many=True)


class ClauseOut(serializers.Serializer[Any]):
    budget_nano_nats = serializers.IntegerField()
    eta = serializers.FloatField()
    delta = serializers.FloatField()
    token_charge_nano_nats = serializers.IntegerField(help_text="of one token: from alpha and eta alone")
    per_answer_nano_nats = serializers.IntegerField(allow_null=True, help_text="null is unlimited")


class RemainingOut(serializers.Serializer[Any]):
    left_nano_nats = serializers.IntegerField()
    mean_charge_nano_nats = serializers.IntegerField(
        allow_null=True, help_text="of the latest answers, at most 20; null before the first"
    )
    answers_at_mean_charge = serializers.IntegerField(allow_null=True)
    largest_charge_nano_nats = serializers.IntegerField(
        help_text="the policy's limit per answer, or all that is left where it has none"
    )
    answers_at_largest_charge = serializers.IntegerField()


class AnswerChargeOut(serializers.Serializer[Any]):
    answer_id = serializers.UUIDField()
    receipt_id = serializers.UUIDField(allow_null=True)
    at = serializers.DateTimeField()
    charge_nano_nats = serializers.IntegerField()
    before = ReadingOut()
    after = ReadingOut()


class PrivacyOut(serializers.Serializer[Any]):
    alpha = serializers.FloatField()
    clause = ClauseOut(
        allow_null=True, help_text="null: the policy has no privacy clause, no private answers"
    )
    odometer = ReadingOut(help_text="so far, running answers at what they hold: a sum, not a promise")
    held_nano_nats = serializers.IntegerField(help_text="the part of the odometer that running answers hold")
    filter = ReadingOut(help_text="never above: holds for every way of asking")
    remaining = RemainingOut()
    answers = AnswerChargeOut(many=True, help_text="the latest 20 private answers, newest first")


class Privacy(MarketView):
    @extend_schema(
        summary="What private answers cost so far, what they never exceed, and how many remain",
        responses={200: PrivacyOut, **problems(404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        return Response(PrivacyOut(privacy_report.privacy_of(source=source)).data)
