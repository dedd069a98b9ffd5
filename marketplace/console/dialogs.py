"""The console's dialogs: what an operator has to say before something changes, and how it is carried out.

Use cases run in durable transactions of their own, so they are called from here, never from the admin's forms
(which hold a transaction open).
"""

from collections.abc import Callable
from decimal import Decimal
from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.dataclasses import ActionDialog
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounting.errors import DomainError
from marketplace.models import Role, Staff, User


class ReasonForm(BaseDialogForm):
    """A reason, kept in the audit log."""

    reason = forms.CharField(
        max_length=300, widget=UnfoldAdminTextInputWidget, help_text="Kept in the audit log."
    )


class OptionalReasonForm(BaseDialogForm):
    """A reason that may be left out."""

    reason = forms.CharField(
        max_length=300, required=False, widget=UnfoldAdminTextInputWidget, help_text="The owner reads it."
    )


class AmountForm(BaseDialogForm):
    """An amount of money to credit."""

    amount_usd = forms.DecimalField(
        label="Amount in US dollars",
        min_value=Decimal("0.000001"),
        max_digits=12,
        decimal_places=6,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Credited to the organisation's wallet at once.",
    )


class CountryForm(BaseDialogForm):
    """A country that somebody saw proof of."""

    country = forms.CharField(
        min_length=2,
        max_length=2,
        widget=UnfoldAdminTextInputWidget,
        help_text="The two letters that the organisation says, typed again.",
    )


class OrganisationForm(BaseDialogForm):
    """A new party of the market."""

    name = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)
    slug = forms.CharField(
        label="Short name",
        max_length=64,
        widget=UnfoldAdminTextInputWidget,
        help_text="Lower-case letters, digits and hyphens; it stands in receipts and never changes.",
    )


class StaffRoleForm(BaseDialogForm):
    """A role in running the market."""

    role = forms.ChoiceField(choices=Staff.choices, widget=UnfoldAdminSelectWidget)


class RoleForm(BaseDialogForm):
    """A person's role in an organisation."""

    person = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("username"), widget=UnfoldAdminSelectWidget
    )
    role = forms.ChoiceField(choices=Role.choices, widget=UnfoldAdminSelectWidget)


def dialog(
    title: str, description: str, submit: str, form: type[BaseDialogForm] = BaseDialogForm
) -> ActionDialog:
    return ActionDialog(title=title, description=description, form_class=form, form_submit_text=submit)


def carry_out(request: HttpRequest, call: Callable[[User], object], *, done: str, back: str) -> HttpResponse:
    """Run a use case as the signed-in operator, say what happened, and return to the row's page."""
    try:
        call(cast("User", request.user))
    except DomainError as error:
        messages.error(request, f"{error.detail} {error.next_step}".strip())
    else:
        messages.success(request, done)
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": back})
    return redirect(back)
