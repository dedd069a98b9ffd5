"""Issuing an API key: what it may do, for what purpose, and up to which spend."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

from django import forms

from marketplace.policy.purposes import PURPOSES
from marketplace.portal.forms.choices import Explained

SCOPES = [
    ("answers", Explained("answers", "ask, plan and search; spends from the wallet")),
    ("sources", Explained("sources", "register, upload, set policies, train")),
    ("account", Explained("account", "read the wallet, usage and earnings")),
    ("receipts", Explained("receipts", "read and verify receipts")),
    ("payouts", Explained("payouts", "ask for earnings to be paid out")),
]


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

    field_order = ("name", "scopes", "default_purpose", "spend_cap_usd", "daily_cap_usd", "expires_on")
    name = forms.CharField(max_length=100, help_text="Where it will be used, for example “nightly report”.")
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=SCOPES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing that the key may do."},
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

    def expires_at(self) -> datetime | None:
        day: date | None = self.cleaned_data["expires_on"]
        return None if day is None else datetime.combine(day, time(23, 59, 59), tzinfo=UTC)


def _micro_usd(usd: Decimal | None) -> int | None:
    return None if usd is None else int(usd * 1_000_000)
