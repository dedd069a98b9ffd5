"""Payouts in the console: approve, refuse with a reason, mark as sent or as returned. By use cases only."""

import csv
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from accounting.console import ReadOnlyAdmin, money, state_column
from accounting.models import Payout
from marketplace import payouts
from marketplace.console.dialogs import ReasonForm, carry_out, dialog

COLUMNS = (
    "id", "payee", "amount_micro_usd", "state", "requested_at", "requested_by", "decided_at", "decided_by",
    "reason", "paid_at", "external_reference",
)  # fmt: skip


class ReferenceForm(BaseDialogForm):
    """Where the payment can be found outside of this market."""

    external_reference = forms.CharField(
        label="Reference of the payment",
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="The bank's or provider's own; the owner sees it.",
    )


@admin.register(Payout)
class PayoutAdmin(ReadOnlyAdmin):
    list_display = (
        "requested_at", "payee", "amount", "shown_state", "requested_by", "decided_by", "external_reference"
    )  # fmt: skip
    list_filter = ("state", "requested_at")
    search_fields = ("=id", "payee", "external_reference", "reason")
    ordering = ("-requested_at", "-pk")
    actions_list = ("as_csv",)
    actions_detail = ("approve", "refuse", "mark_paid", "mark_returned")
    amount = money("amount_micro_usd", "amount")
    shown_state = state_column(
        {
            "requested": "warning", "approved": "info", "paid": "success", "refused": "danger",
            "cancelled": "info", "returned": "danger",
        }
    )  # fmt: skip

    @action(
        description="Download CSV", url_path="csv", permissions=["accounting.view_payout"], icon="download"
    )
    def as_csv(self, request: HttpRequest) -> HttpResponse:
        """Every payout, oldest first; amounts in micro-USD."""
        reply = HttpResponse(content_type="text/csv; charset=utf-8")
        reply["Content-Disposition"] = 'attachment; filename="payouts.csv"'
        writer = csv.writer(reply)
        writer.writerow(COLUMNS)
        rows = Payout.objects.order_by("requested_at", "pk").values_list(*COLUMNS)
        writer.writerows(rows.iterator(chunk_size=500))
        return reply

    @action(
        description="Approve",
        url_path="approve",
        permissions=["accounting.decide_payout"],
        icon="check_circle",
        dialog=dialog(
            "Approve this payout", "The money leaves the owner's earnings and waits to be sent.", "Approve"
        ),
    )
    def approve(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        return carry_out(
            request,
            lambda user: payouts.approve(payout_id=UUID(object_id), acting_user=user, now=timezone.now()),
            done="Approved. Send the money, then mark it as paid.",
            back=_page_of(object_id),
        )

    @action(
        description="Refuse",
        url_path="refuse",
        permissions=["accounting.decide_payout"],
        icon="block",
        variant=ActionVariant.DANGER,
        dialog=dialog(
            "Refuse this payout", "The money is available to its owner again.", "Refuse", ReasonForm
        ),
    )
    def refuse(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        return carry_out(
            request,
            lambda user: payouts.refuse(
                payout_id=UUID(object_id), reason=reason, acting_user=user, now=timezone.now()
            ),
            done="Refused; the money is available to its owner again.",
            back=_page_of(object_id),
        )

    @action(
        description="Mark as paid",
        url_path="paid",
        permissions=["accounting.decide_payout"],
        icon="payments",
        dialog=dialog("Mark as paid", "Once the money has been sent.", "Mark as paid", ReferenceForm),
    )
    def mark_paid(self, request: HttpRequest, form: ReferenceForm, object_id: str) -> HttpResponse:
        reference = form.cleaned_data["external_reference"]
        return carry_out(
            request,
            lambda user: payouts.mark_paid(
                payout_id=UUID(object_id), external_reference=reference, acting_user=user, now=timezone.now()
            ),
            done="Marked as paid.",
            back=_page_of(object_id),
        )

    @action(
        description="Mark as returned",
        url_path="returned", permissions=["accounting.decide_payout"],
        icon="undo",
        variant=ActionVariant.DANGER,
        dialog=dialog(
            "Mark as returned", "It could not be sent, or came back: it is earnings again.", "Return it",
            ReasonForm,
        ),
    )  # fmt: skip
    def mark_returned(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        return carry_out(
            request,
            lambda user: payouts.mark_returned(
                payout_id=UUID(object_id), reason=reason, acting_user=user, now=timezone.now()
            ),
            done="Returned to the owner's earnings.",
            back=_page_of(object_id),
        )


def _page_of(object_id: str) -> str:
    return reverse("admin:accounting_payout_change", args=[object_id])
