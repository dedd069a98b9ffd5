"""Issuing an API key: what it may do, on which sources, for what purposes, and up to which spend."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django import forms

from marketplace import scopes
from marketplace.policy.purposes import PURPOSES
from marketplace.portal.forms.choices import Explained

SCOPES = [
    (scope.name, Explained(scope.name, scope.title, below=scope.within is not None))
    for scope in scopes.SCOPES.values()
]
OVERLAPS = [("24", "a day"), ("1", "an hour"), ("168", "a week"), ("720", "30 days"), ("0", "not at all")]


class CapsForm(forms.Form):
    """What a key may spend: in all, and on each day."""

    spend_cap_usd = forms.DecimalField(
        label="Spend cap",
        required=False,
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=6,
        help_text="The most this key may ever spend. Empty: the wallet is the only limit.",
    )
    daily_cap_usd = forms.DecimalField(
        label="Spend cap a day",
        required=False,
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=6,
        help_text="The most it may spend on one day, midnight to midnight UTC. Empty: no such limit.",
    )

    def spend_cap_micro_usd(self) -> int | None:
        return _micro_usd(self.cleaned_data["spend_cap_usd"])

    def daily_cap_micro_usd(self) -> int | None:
        return _micro_usd(self.cleaned_data["daily_cap_usd"])


class KeyForm(CapsForm):
    """One new key."""

    field_order = (
        "name", "scopes", "source_slugs", "purposes", "default_purpose", "spend_cap_usd", "daily_cap_usd",
        "expires_on",
    )  # fmt: skip
    name = forms.CharField(max_length=100, help_text="Where it will be used, for example “nightly report”.")
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=SCOPES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing that the key may do."},
    )
    source_slugs = forms.CharField(
        label="Only these sources",
        required=False,
        max_length=7000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Their short names, one a line. Empty: every source.",
    )
    purposes = forms.MultipleChoiceField(
        label="Only these purposes",
        required=False,
        choices=[
            (purpose.slug, Explained(purpose.title, below=purpose.parent is not None))
            for purpose in PURPOSES.values()
        ],
        widget=forms.CheckboxSelectMultiple,
        help_text="One allows those below it. None: every purpose.",
    )
    default_purpose = forms.ChoiceField(
        label="Usual purpose",
        required=False,
        choices=[("", "none: every request names its own")]
        + [(purpose.slug, purpose.title) for purpose in PURPOSES.values()],
        help_text="Used where a request does not say what its answer is for.",
    )
    expires_on = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="It works up to the end of this day, UTC. Empty: until it is revoked.",
    )

    def clean_source_slugs(self) -> list[str]:
        return list(dict.fromkeys(self.cleaned_data["source_slugs"].replace(",", " ").split()))

    def expires_at(self) -> datetime | None:
        day: date | None = self.cleaned_data["expires_on"]
        return None if day is None else datetime.combine(day, time(23, 59, 59), tzinfo=UTC)


class RotateForm(forms.Form):
    """How long the secret before works on."""

    overlap_hours = forms.ChoiceField(label="The old secret works on for", choices=OVERLAPS)

    def overlap(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap_hours"]))


def _micro_usd(usd: Decimal | None) -> int | None:
    return None if usd is None else int(usd * 1_000_000)
