"""What a consumer must know of a policy before it uses a source: not who else is allowed, nor at what price.

Sources that it does not vote beside are not named either: the reader may not know of them.
"""

from typing import Any

from rest_framework import serializers

from marketplace.models import PolicyVersion
from marketplace.parsed_policies import parsed
from marketplace.policy.clause import Clause
from marketplace.policy.kinds.approvals import Approvals
from marketplace.policy.kinds.coalitions import Coalition
from marketplace.policy.kinds.countries import Countries
from marketplace.policy.kinds.outputs import Outputs
from marketplace.policy.kinds.prices import Prices
from marketplace.policy.kinds.purposes import Purposes
from marketplace.policy.kinds.time_window import TimeWindow
from marketplace.policy.kinds.topics import Topics

CONDITIONS: tuple[type[Clause], ...] = (Countries, TimeWindow, Topics, Coalition)


class TermsOut(serializers.Serializer[Any]):
    regime = serializers.CharField()
    purposes_allowed = serializers.ListField(child=serializers.CharField())
    purposes_denied = serializers.ListField(child=serializers.CharField())
    price_micro_usd_per_nat = serializers.IntegerField()
    prices_by_purpose = serializers.DictField(
        child=serializers.IntegerField(), help_text="micro-USD a nat, for purposes with a price of their own"
    )
    floor_price_micro_usd = serializers.IntegerField()
    ceiling_price_micro_usd = serializers.IntegerField(allow_null=True, help_text="null: no ceiling")
    max_gamma = serializers.FloatField()
    outputs = serializers.ListField(
        child=serializers.CharField(), help_text="of answer, classification and quotation"
    )
    quote = serializers.BooleanField()
    private_answers = serializers.BooleanField()
    floor_nats = serializers.FloatField(allow_null=True)
    approval_required = serializers.BooleanField(help_text="the owner has to approve of each organisation")
    attribution_notice = serializers.CharField(allow_null=True, help_text="to be shown beside an answer")
    conditions = serializers.ListField(
        child=serializers.CharField(), help_text="where, when, about what and beside how many it votes"
    )


def terms_of(version: PolicyVersion) -> dict[str, Any]:
    policy = parsed(version)
    purposes, limits = policy.clause(Purposes), policy.limits
    return {
        "regime": limits.regime,
        "purposes_allowed": sorted(purposes.allow),
        "purposes_denied": sorted(purposes.deny),
        "price_micro_usd_per_nat": limits.price_micro_usd_per_nat,
        "prices_by_purpose": policy.clause(Prices).by_purpose(),
        "floor_price_micro_usd": limits.floor_price_micro_usd,
        "ceiling_price_micro_usd": limits.ceiling_price_micro_usd,
        "max_gamma": limits.max_gamma,
        "outputs": sorted(policy.clause(Outputs).allowed),
        "quote": limits.quote,
        "private_answers": limits.privacy is not None,
        "floor_nats": limits.floor_nats,
        "approval_required": policy.clause(Approvals).required,
        "attribution_notice": limits.attribution_notice,
        "conditions": [sentence for kind in CONDITIONS for sentence in policy.clause(kind).sentences()],
    }
