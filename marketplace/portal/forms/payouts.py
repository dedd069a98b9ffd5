"""Asking for a payout: how much, and an id that makes a second press of the button the same request."""

import uuid
from decimal import Decimal

from django import forms


class PayoutForm(forms.Form):
    """One request."""

    amount_usd = forms.DecimalField(
        label="Amount",
        required=False,
        min_value=Decimal("0.000001"),
        max_digits=12,
        decimal_places=6,
        help_text="Empty: everything that is available.",
    )
    operation_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def amount_micro_usd(self) -> int | None:
        amount: Decimal | None = self.cleaned_data["amount_usd"]
        return None if amount is None else int(amount * 1_000_000)
