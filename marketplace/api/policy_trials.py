"""/v1/sources/{slug}/policy/validate and /policy/simulate: what a policy says, and what it would do."""

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.errors import Invalid
from marketplace import publishing
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.policies import EXAMPLE
from marketplace.api.schema import PlaceOut, StrictSerializer, problems
from marketplace.policy import purposes
from marketplace.policy.countries import known as known_country
from marketplace.policy.parties import is_slug
from marketplace.policy.request import Limits, Step
from marketplace.simulating import Asking, Described, Simulation, simulate
from marketplace.validating import validate
from marketplace.visibility import own_source

NANO = 10**9


class FindingOut(PlaceOut):
    code = serializers.CharField(help_text="stable: unknown_term, invalid_value, contradiction, ...")
    severity = serializers.ChoiceField(["error", "warning"], help_text="a warning can be published")


class VerdictOut(serializers.Serializer[Any]):
    """What publishing this policy would meet, and what it would change."""

    valid = serializers.BooleanField()
    problems = FindingOut(many=True)
    sentences = serializers.ListField(child=serializers.CharField())
    diff = serializers.DictField(allow_null=True, help_text="against the policy in force; null: not valid")


class PolicyValidate(MarketView):
    write_scope = "sources:read"  # it changes nothing

    @extend_schema(
        summary="Try a policy without publishing it",
        request=OpenApiTypes.OBJECT,
        examples=[EXAMPLE],
        responses={200: VerdictOut, **problems(400, 404)},
    )
    def post(self, request: Request, slug: str) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        found = validate(source=source, plain=request.data, now=timezone.now())
        return Response(
            {
                "valid": found.policy is not None,
                "problems": [
                    one.as_json() | {"severity": severity}
                    for severity, some in (("error", found.errors), ("warning", found.warnings))
                    for one in some
                ],
                "sentences": list(found.sentences),
                "diff": found.diff.as_json() if found.diff else None,
            }
        )


class ConsumerIn(StrictSerializer):
    organisation = serializers.CharField(default="", allow_blank=True, max_length=64)
    groups = serializers.ListField(child=serializers.CharField(max_length=64), default=list, max_length=50)
    domains = serializers.ListField(child=serializers.CharField(max_length=253), default=list, max_length=50)
    country = serializers.CharField(default=None, allow_null=True, max_length=2)

    def to_internal_value(self, data: Any) -> Any:
        """A short name alone stands for the organisation of that name."""
        return super().to_internal_value({"organisation": data} if isinstance(data, str) else data)

    def validate_organisation(self, value: str) -> str:
        if value and not is_slug(value):
            raise serializers.ValidationError("This is not the short name of an organisation.")
        return value

    def validate_country(self, value: str | None) -> str | None:
        if value is not None and not known_country(value):
            raise serializers.ValidationError("This is not an ISO 3166-1 alpha-2 code, like DE or KE.")
        return value


class SimulateIn(StrictSerializer):
    policy = serializers.JSONField(default=None, help_text="the draft; absent: the policy in force")
    consumer = ConsumerIn(
        help_text="a short name, or {organisation, groups, domains, country}: groups, domains and country "
        "are taken as you describe them, an organisation's own are not read"
    )
    purpose = serializers.ChoiceField(choices=list(purposes.PURPOSES))
    mode = serializers.ChoiceField(choices=["open", "private"], default="open")
    output = serializers.ChoiceField(choices=["answer", "quotation", "classification"], default="answer")
    at = serializers.DateTimeField(required=False, help_text="now when left out")
    question = serializers.CharField(default="", allow_blank=True, max_length=4000)
    others = serializers.ListField(
        child=serializers.CharField(max_length=64), default=None, allow_null=True, max_length=64,
        help_text="short names of the other voters; null: not known yet",
    )  # fmt: skip


class StepOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    rule = serializers.CharField()
    outcome = serializers.ChoiceField(["allow", "deny", "later"])
    reason = serializers.CharField()
    values = serializers.DictField(help_text="what was compared")


class LimitsOut(serializers.Serializer[Any]):
    regime = serializers.CharField()
    max_gamma = serializers.FloatField()
    nats_per_answer = serializers.FloatField(allow_null=True)
    price_micro_usd_per_nat = serializers.IntegerField()
    price_rule = serializers.CharField(help_text="the place in the policy that sets the price")
    floor_price_micro_usd = serializers.IntegerField()
    ceiling_price_micro_usd = serializers.IntegerField(allow_null=True)
    quote = serializers.BooleanField()
    floor_nats = serializers.FloatField(allow_null=True)
    attribution_notice = serializers.CharField(allow_null=True)


class LeftOut(serializers.Serializer[Any]):
    budget = serializers.CharField()
    words = serializers.CharField()
    limit_nano_nats = serializers.IntegerField(allow_null=True, help_text="null: unlimited")
    left_nano_nats = serializers.IntegerField(allow_null=True, help_text="for this consumer")


class SimulationOut(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(["allow", "deny", "later"])
    decided_by = StepOut(allow_null=True, help_text="the first no")
    steps = StepOut(many=True, help_text="every clause that says something, in order")
    beside = StepOut(many=True, help_text="what stands against it beside the policy")
    limits = LimitsOut(help_text="what a yes would carry")
    left = LeftOut(many=True)


class PolicySimulate(MarketView):
    write_scope = "sources:read"  # it changes nothing

    @extend_schema(
        summary="What would happen if somebody asked",
        description="Nobody is admitted and nothing is spent. A question is judged by an engine; where none "
        "answers in time, the topic clause says `later`.",
        request=SimulateIn,
        responses={200: SimulationOut, **problems(400, 404, 422)},
    )
    def post(self, request: Request, slug: str) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        wish = self.body(request, SimulateIn)
        in_force: Any = source.policy.plain if source.policy else None
        plain = in_force if wish["policy"] is None else wish["policy"]
        if plain is None:
            raise Invalid("The source has no policy yet.", next_step="Send a draft as `policy`.")
        policy = publishing.read_policy(plain)
        result = simulate(source=source, plain=plain, policy=policy, asking=_asking(wish))
        return Response(_shown(result))


def _asking(wish: dict[str, Any]) -> Asking:
    who, others = wish["consumer"], wish["others"]
    return Asking(
        consumer=Described(
            who["organisation"], frozenset(who["groups"]), frozenset(who["domains"]), who["country"]
        ),
        purpose=wish["purpose"], at=wish.get("at") or timezone.now(), mode=wish["mode"],
        output=wish["output"], question=wish["question"],
        others=None if others is None else frozenset(others),
    )  # fmt: skip


def _shown(result: Simulation) -> dict[str, Any]:
    return {
        "outcome": result.outcome,
        "decided_by": _step(result.decided_by) if result.decided_by else None,
        "steps": [_step(one) for one in result.steps],
        "beside": [_step(one) for one in result.beside],
        "limits": _limits(result.limits),
        "left": LeftOut(result.left, many=True).data,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind, "rule": step.rule, "outcome": step.outcome, "reason": step.reason,
        "values": dict(step.values),
    }  # fmt: skip


def _limits(limits: Limits) -> dict[str, Any]:
    each = limits.per_answer_nano_nats
    return {
        "regime": limits.regime,
        "max_gamma": limits.max_gamma,
        "nats_per_answer": None if each is None else each / NANO,
        "price_micro_usd_per_nat": limits.price_micro_usd_per_nat,
        "price_rule": limits.price_rule,
        "floor_price_micro_usd": limits.floor_price_micro_usd,
        "ceiling_price_micro_usd": limits.ceiling_price_micro_usd,
        "quote": limits.quote,
        "floor_nats": limits.floor_nats,
        "attribution_notice": limits.attribution_notice,
    }
