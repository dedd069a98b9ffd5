"""What an owner types to try a policy: who would ask for what, and how many days to replay."""

from datetime import datetime
from typing import Any

from django import forms

from marketplace.backtest.run import MOST_DAYS
from marketplace.policy.kinds.outputs import OUTPUTS
from marketplace.policy.purposes import PURPOSES
from marketplace.portal.forms.texts import CountriesField, NamesField
from marketplace.simulating import Asking, Described


class TrialForm(forms.Form):
    """One request that might come."""

    prefix = "try"

    organisation = forms.SlugField(
        label="An organisation", required=False, max_length=64, help_text="Its short name, or nobody."
    )
    purpose = forms.ChoiceField(
        label="asks for", choices=[(one.slug, one.title) for one in PURPOSES.values()], required=False
    )
    mode = forms.ChoiceField(
        label="an answer that is", choices=[("open", "Open"), ("private", "Private")], required=False
    )
    output = forms.ChoiceField(
        label="and comes out as", choices=[(one, one.capitalize()) for one in OUTPUTS], required=False
    )
    question = forms.CharField(
        label="The question",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Only a topic clause looks at it; it is kept nowhere.",
    )
    groups = NamesField(label="It is in the groups", required=False)
    domains = NamesField(label="It has proved the domains", required=False)
    country = CountriesField(label="Its country", required=False)
    at = forms.DateTimeField(
        label="At this moment",
        required=False,
        help_text="UTC. Empty: now.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    others = NamesField(label="Beside these sources", required=False, help_text="Empty: not known yet.")

    def asking(self, now: datetime) -> Asking:
        data: dict[str, Any] = self.cleaned_data
        return Asking(
            consumer=Described(
                data["organisation"], frozenset(data["groups"]), frozenset(data["domains"]),
                next(iter(data["country"]), None),
            ),
            purpose=data["purpose"] or next(iter(PURPOSES)), at=data["at"] or now,
            mode=data["mode"] or "open", output=data["output"] or "answer", question=data["question"],
            others=frozenset(data["others"]) or None,
        )  # fmt: skip


class ReplayForm(forms.Form):
    prefix = "replay"

    days = forms.IntegerField(label="The last", min_value=1, max_value=MOST_DAYS, initial=30)
