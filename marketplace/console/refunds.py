"""Refunds in the console: the receipt's page gets the buttons, by use cases only."""

import uuid
from decimal import Decimal
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from accounting.admin import ReceiptAdmin
from accounting.console import ReadOnlyAdmin, influence, money
from accounting.models import Receipt, Refund
from marketplace import refunds
from marketplace.console.dialogs import ReasonForm, carry_out, dialog


class RefundForm(ReasonForm):
    """How much goes back, and why."""

    amount_usd = forms.DecimalField(
        label="Amount in US dollars",
        required=False,
        min_value=Decimal("0.000001"),
        max_digits=12,
        decimal_places=6,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Empty: all that is left. The buyer and the owners who were paid read the reason.",
    )
    operation_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def amount_micro_usd(self) -> int | None:
        amount: Decimal | None = self.cleaned_data["amount_usd"]
        return None if amount is None else int(amount * 1_000_000)


class GiveBackForm(ReasonForm):
    """Why influence comes back."""

    operation_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


admin.site.unregister(Receipt)


@admin.register(Receipt)
class RefundableReceiptAdmin(ReceiptAdmin):
    actions_detail = ("refund", "give_back_influence")

    @action(
        description="Refund",
        url_path="refund",
        permissions=["accounting.refund"],
        icon="undo",
        variant=ActionVariant.DANGER,
        dialog=dialog(
            "Refund this receipt",
            "Owners and the platform give their shares back to the buyer's wallet. Influence stays spent.",
            "Refund",
            RefundForm,
        ),
    )
    def refund(self, request: HttpRequest, form: RefundForm, object_id: str) -> HttpResponse:
        said = form.cleaned_data
        return carry_out(
            request,
            lambda user: refunds.refund(
                receipt_id=UUID(object_id), amount_micro_usd=form.amount_micro_usd(), reason=said["reason"],
                operation_id=said["operation_id"], acting_user=user, now=timezone.now(),
            ),
            done="Refunded to the buyer's wallet.",
            back=_page_of(object_id),
        )  # fmt: skip

    @action(
        description="Give influence back",
        url_path="give-back",
        permissions=["accounting.refund"],
        icon="replay",
        dialog=dialog(
            "Give influence back",
            "Only where, on record, no token of the answer left the market, and never of private answers.",
            "Give it back",
            GiveBackForm,
        ),
    )
    def give_back_influence(self, request: HttpRequest, form: GiveBackForm, object_id: str) -> HttpResponse:
        said = form.cleaned_data
        return carry_out(
            request,
            lambda user: refunds.give_back_influence(
                receipt_id=UUID(object_id), reason=said["reason"], operation_id=said["operation_id"],
                acting_user=user, now=timezone.now(),
            ),
            done="The influence is back in its budgets.",
            back=_page_of(object_id),
        )  # fmt: skip


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ("made_at", "receipt_id", "amount", "nats", "made_by", "reason")
    list_filter = ("made_at",)
    search_fields = ("=id", "=receipt__id", "reason", "made_by")
    ordering = ("-made_at", "-pk")
    amount = money("amount_micro_usd", "refunded")
    nats = influence("nano_nats", "influence given back")


def _page_of(object_id: str) -> str:
    return reverse("admin:accounting_receipt_change", args=[object_id])
