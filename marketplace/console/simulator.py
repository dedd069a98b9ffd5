"""The simulator in the console: this consumer, this purpose, this question, this policy: what would happen?

It asks the owners' own simulator. What only the other voters decide is said to be decided later.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from marketplace import simulating
from marketplace.console.audit_search import Moment
from marketplace.console.sides import written
from marketplace.console.site import shown
from marketplace.consumers import facts_of
from marketplace.models import Organisation, PolicyVersion, Source
from marketplace.parsed_policies import parsed
from marketplace.policy.purposes import PURPOSES
from marketplace.policy.request import Step
from marketplace.simulating import Asking, Described

MODES = (("open", "Open"), ("private", "Private"))
OUTPUTS = (("answer", "Answer"), ("quotation", "Quotation"), ("classification", "Classification"))


class SimulatorForm(forms.Form):
    """One request as it might come."""

    source = forms.SlugField(
        label="Source", widget=UnfoldAdminTextInputWidget, help_text="its short name, e.g. almanac"
    )
    version = forms.IntegerField(
        label="Policy version", required=False, min_value=1, widget=UnfoldAdminTextInputWidget,
        help_text="empty: the newest one, in force or not",
    )  # fmt: skip
    consumer = forms.SlugField(
        label="Consumer", widget=UnfoldAdminTextInputWidget, help_text="the organisation's short name"
    )
    purpose = forms.ChoiceField(
        label="Purpose", choices=[(one.slug, one.title) for one in PURPOSES.values()],
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    mode = forms.ChoiceField(label="Kind of answer", choices=MODES, widget=UnfoldAdminSelectWidget)
    output = forms.ChoiceField(label="Output", choices=OUTPUTS, widget=UnfoldAdminSelectWidget)
    at = forms.DateTimeField(label="When (UTC)", required=False, widget=Moment, help_text="empty: now")

    question = forms.CharField(
        label="Question", required=False, max_length=2000, widget=UnfoldAdminTextInputWidget,
        help_text="for policies about topics",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """The rows behind the short names; what is not there is said beside its field."""
        said = super().clean() or {}
        source = Source.objects.filter(slug=said.get("source")).first()
        consumer = Organisation.objects.filter(slug=said.get("consumer")).first()
        if source is None:
            self.add_error("source", "There is no such source.")
        else:
            self._find_version(source, said)
        if consumer is None:
            self.add_error("consumer", "There is no such organisation.")
        return {**said, "found_source": source, "found_consumer": consumer}

    def _find_version(self, source: Source, said: dict[str, Any]) -> None:
        versions = source.policies.order_by("-number")
        number = said.get("version")
        said["found_version"] = (versions.filter(number=number) if number else versions).first()
        if said["found_version"] is None:
            self.add_error("version", "The source has no such version of a policy.")


@dataclass(frozen=True, slots=True)
class Said:
    """One clause's answer, with the values that it looked at, for people."""

    kind: str
    outcome: str
    reason: str
    values: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would happen to the request: by the policy, and by what stands against it beside the policy."""

    version: PolicyVersion
    in_force: bool
    outcome: str
    denied_by: str
    reason: str
    steps: list[Said]
    beside: list[Said]


def page(request: HttpRequest) -> HttpResponseBase:
    form = SimulatorForm(request.GET or None, initial={"mode": "open", "output": "answer"})
    verdict = simulate(form.cleaned_data, now=timezone.now()) if form.is_valid() else None
    return shown(request, "simulator.html", "Simulator", form=form, verdict=verdict)


def simulate(wanted: dict[str, Any], *, now: datetime) -> Verdict:
    """The use case behind `/policy/simulate`, with what the market itself knows of the consumer."""
    version, source = wanted["found_version"], wanted["found_source"]
    consumer = wanted["found_consumer"]
    facts = facts_of(consumer)
    asking = Asking(
        consumer=Described(consumer.slug, facts.groups, facts.domains, facts.country),
        purpose=wanted["purpose"], at=wanted["at"] or now, mode=wanted["mode"], output=wanted["output"],
        question=wanted["question"],
    )  # fmt: skip
    found = simulating.simulate(source=source, plain=version.plain, policy=parsed(version), asking=asking)
    decided = found.decided_by
    steps = sorted(found.steps, key=lambda step: step.outcome != "deny")
    return Verdict(
        version=version,
        in_force=source.policy_id == version.pk,
        outcome=found.outcome,
        denied_by=decided.rule if decided else "",
        reason=decided.reason if decided else "",
        steps=[_said(step) for step in steps],
        beside=[_said(step) for step in found.beside],
    )


def _said(step: Step) -> Said:
    values = [(name, written(value)) for name, value in step.values.items()]
    return Said(step.kind, step.outcome, step.reason, values)
