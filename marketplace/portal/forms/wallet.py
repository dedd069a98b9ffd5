"""Asking for a top-up: how much, under an id that makes pressing twice the same as once."""

from decimal import Decimal

from django import forms


class TopUpForm(forms.Form):
    amount_usd = forms.DecimalField(
        label="Amount",
        min_value=Decimal("0.50"),
        max_value=Decimal("999999.99"),
        max_digits=8,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"}),
        help_text="You pay by card on Stripe's own page; this market never sees the card.",
    )
    operation_id = forms.UUIDField(widget=forms.HiddenInput)

    def amount_micro_usd(self) -> int:
        amount: Decimal = self.cleaned_data["amount_usd"]
        return int(amount * 1_000_000)
