"""Keeping policy templates in the console: a new one, and changing one, with its sentences beside it."""

import json
from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from accounting.errors import DomainError
from marketplace import policy_templates
from marketplace.console.site import shown
from marketplace.models import PolicyTemplate, User
from marketplace.policy import plain as plain_form
from marketplace.policy.problems import PolicyInvalid
from marketplace.policy.sentences import sentences


class PlainField(forms.JSONField):
    """Written one term a line."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


class TemplateForm(forms.Form):
    """What owners choose by, and the policy that they start from."""

    slug = forms.SlugField(
        label="Short name", max_length=64, widget=UnfoldAdminTextInputWidget,
        help_text="Lower-case letters, digits and hyphens; it never changes.",
    )  # fmt: skip
    title = forms.CharField(max_length=100, widget=UnfoldAdminTextInputWidget)
    description = forms.CharField(
        max_length=300, widget=UnfoldAdminTextInputWidget, help_text="For whom it is, in a sentence or two."
    )
    order = forms.IntegerField(
        initial=100, min_value=0, max_value=32_000, widget=UnfoldAdminTextInputWidget,
        help_text="Smaller stands first.",
    )  # fmt: skip
    active = forms.BooleanField(
        label="Offered to owners", required=False, initial=True, widget=UnfoldBooleanSwitchWidget
    )
    plain = PlainField(
        initial=dict,
        label="The policy in its plain form",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 22}),
    )

    def clean_plain(self) -> Any:
        """Every problem of the policy, each with its place."""
        plain = self.cleaned_data["plain"]
        try:
            plain_form.parse(plain)
        except PolicyInvalid as invalid:
            raise forms.ValidationError(
                [f"{one.path}: {one.sentence}" for one in invalid.problems]
            ) from invalid
        return plain


class ChangeForm(TemplateForm):
    slug = None  # type: ignore[assignment]  # it never changes


def new(request: HttpRequest) -> HttpResponseBase:
    form = TemplateForm(request.POST or None)
    if form.is_valid() and _kept(request, form, policy_templates.create):
        return redirect("admin:marketplace_policytemplate_changelist")
    return _page(request, "A new policy template", form)


def change(request: HttpRequest, slug: str) -> HttpResponseBase:
    template = PolicyTemplate.objects.filter(slug=slug).first()
    if template is None:
        raise Http404
    names = ("title", "description", "order", "active", "plain")
    form = ChangeForm(request.POST or None, initial={name: getattr(template, name) for name in names})
    if form.is_valid() and _kept(request, form, partial(policy_templates.change, template=template)):
        return redirect("admin:marketplace_policytemplate_changelist")
    return _page(request, f"Policy template “{template.title}”", form)


def _kept(request: HttpRequest, form: forms.Form, use_case: Any) -> bool:
    """False where the use case refuses; then the form says why."""
    try:
        use_case(**form.cleaned_data, acting_user=cast("User", request.user), now=timezone.now())
    except DomainError as error:
        form.add_error(None, f"{error.detail} {error.next_step}".strip())
        return False
    messages.success(request, "Kept. Sources that started from it stay as they are.")
    return True


def _page(request: HttpRequest, title: str, form: forms.Form) -> HttpResponseBase:
    plain = form.cleaned_data.get("plain") if form.is_bound else form.initial.get("plain")
    words = sentences(plain_form.parse(plain)) if plain else []
    return shown(request, "template.html", title, form=form, sentences=words)
