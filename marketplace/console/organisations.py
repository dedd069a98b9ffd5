"""Organisations in the console: opened, topped up, given members, suspended. By use cases only."""

import uuid
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from marketplace import home_countries, organisations, suspending, top_ups
from marketplace.console.bulk import Bulk, BulkAdmin
from marketplace.console.dialogs import (
    AmountForm,
    CountryForm,
    OrganisationForm,
    ReasonForm,
    RoleForm,
    carry_out,
    dialog,
)
from marketplace.models import Organisation, Role


@admin.register(Organisation)
class OrganisationAdmin(BulkAdmin):
    list_display = (
        "name", "slug", "shown_standing", "suspended_reason", "wallet_account_id", "is_platform", "created_at"
    )  # fmt: skip
    list_filter = (
        ("suspended_at", admin.EmptyFieldListFilter), ("country_confirmed_at", admin.EmptyFieldListFilter),
        "is_platform",
    )  # fmt: skip
    search_fields = ("name", "slug")
    ordering = ("slug",)
    actions_list = ("open_organisation",)
    actions_detail = ("top_up", "set_role", "confirm_country", "suspend", "resume")
    bulk = (
        Bulk(
            "suspend_many", "Suspend these consumers",
            "They are answered nothing from the next token on; their own sources go on.",
            "marketplace.suspend_consumer",
            lambda row, reason, user, now: suspending.suspend_consumer(
                organisation=row, reason=reason, acting_user=user, now=now
            ),
        ),
        Bulk(
            "resume_many", "Resume these consumers", "They are answered again.",
            "marketplace.suspend_consumer",
            lambda row, _reason, user, now: suspending.resume_consumer(
                organisation=row, acting_user=user, now=now
            ),
            needs_reason=False,
        ),
    )  # fmt: skip

    @display(description="standing", label={"may ask": "success", "suspended": "danger"})
    def shown_standing(self, organisation: Organisation) -> str:
        return "suspended" if organisation.is_suspended else "may ask"

    @action(
        description="Open an organisation",
        url_path="open",
        icon="add_business",
        permissions=["marketplace.open_organisation"],
        dialog=dialog(
            "Open an organisation", "It begins with an empty wallet, and with you as its owner.", "Open it",
            OrganisationForm,
        ),
    )  # fmt: skip
    def open_organisation(self, request: HttpRequest, form: OrganisationForm) -> HttpResponse:
        slug, name = form.cleaned_data["slug"], form.cleaned_data["name"]
        return carry_out(
            request,
            lambda user: organisations.create_organisation(
                slug=slug, name=name, acting_user=user, now=timezone.now()
            ),
            done=f"{name} is open. Give its people their roles next.",
            back=reverse("admin:marketplace_organisation_changelist"),
        )

    @action(
        description="Give a role",
        url_path="role",
        icon="badge",
        permissions=["marketplace.set_role"],
        dialog=dialog(
            "Give a person a role", "A person who has one gets the new one instead.", "Give it", RoleForm
        ),
    )
    def set_role(self, request: HttpRequest, form: RoleForm, object_id: int) -> HttpResponse:
        organisation, person = Organisation.objects.get(pk=object_id), form.cleaned_data["person"]
        return carry_out(
            request,
            lambda user: organisations.add_member(
                organisation=organisation, user=person, role=Role(form.cleaned_data["role"]),
                acting_user=user, now=timezone.now(),
            ),
            done=f"{person} is now {form.cleaned_data['role']} of {organisation.name}.",
            back=_page_of(object_id),
        )  # fmt: skip

    @action(
        description="Top up the wallet",
        url_path="top-up",
        icon="add_card",
        permissions=["marketplace.top_up"],
        dialog=dialog("Top up the wallet", "Money comes in from outside the market.", "Top up", AmountForm),
    )
    def top_up(self, request: HttpRequest, form: AmountForm, object_id: int) -> HttpResponse:
        organisation = Organisation.objects.get(pk=object_id)
        amount = form.cleaned_data["amount_usd"]
        return carry_out(
            request,
            lambda user: top_ups.by_operator(
                organisation=organisation,
                amount_micro_usd=int(amount * 1_000_000),
                operation_id=uuid.uuid4(),
                acting_user=user,
                now=timezone.now(),
            ),
            done=f"${amount} credited to {organisation.name}.",
            back=_page_of(object_id),
        )

    @action(
        description="Confirm the country",
        url_path="confirm-country",
        icon="verified",
        permissions=["marketplace.confirm_facts"],
        dialog=dialog(
            "Confirm the country",
            "Once you have seen proof of it. Policies that name countries count for it from then on.",
            "Confirm it",
            CountryForm,
        ),
    )
    def confirm_country(self, request: HttpRequest, form: CountryForm, object_id: int) -> HttpResponse:
        organisation, country = Organisation.objects.get(pk=object_id), form.cleaned_data["country"].upper()
        return carry_out(
            request,
            lambda user: home_countries.confirm_country(
                organisation=organisation, country=country, acting_user=user, now=timezone.now()
            ),
            done=f"{organisation.name} is at home in {country}.",
            back=_page_of(object_id),
        )

    @action(
        description="Suspend",
        url_path="suspend",
        icon="pause_circle",
        variant=ActionVariant.DANGER,
        permissions=["marketplace.suspend_consumer"],
        dialog=dialog(
            "Suspend this organisation as a consumer",
            "Its questions are refused, and answers under way end at their next token. Its people read the "
            "reason. Its own sources go on; suspend them one by one.",
            "Suspend",
            ReasonForm,
        ),
    )
    def suspend(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        organisation, reason = Organisation.objects.get(pk=object_id), form.cleaned_data["reason"]
        return carry_out(
            request,
            lambda user: suspending.suspend_consumer(
                organisation=organisation, reason=reason, acting_user=user, now=timezone.now()
            ),
            done=f"{organisation.name} is answered nothing until it is resumed.",
            back=_page_of(object_id),
        )

    @action(
        description="Resume",
        url_path="resume",
        icon="play_circle",
        permissions=["marketplace.suspend_consumer"],
        dialog=dialog("Resume this organisation", "It is answered again from now on.", "Resume"),
    )
    def resume(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        organisation = Organisation.objects.get(pk=object_id)
        return carry_out(
            request,
            lambda user: suspending.resume_consumer(
                organisation=organisation, acting_user=user, now=timezone.now()
            ),
            done=f"{organisation.name} may ask again.",
            back=_page_of(object_id),
        )


def _page_of(organisation_id: int) -> str:
    return reverse("admin:marketplace_organisation_change", args=[organisation_id])
