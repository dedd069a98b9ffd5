"""People, organisations, memberships and keys in the console. What it changes goes through use cases."""

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounting.console import ReadOnlyAdmin, money
from marketplace import access, organisations, top_ups
from marketplace.console.audited import AuditedAdmin
from marketplace.console.dialogs import AmountForm, OrganisationForm, RoleForm, carry_out, dialog
from marketplace.models import ApiKey, DaySpendCap, KeptReply, Membership, Organisation, Role, User

if TYPE_CHECKING:  # at run time Django's class takes no type argument
    _DjangoUserAdmin = DjangoUserAdmin[User]
else:
    _DjangoUserAdmin = DjangoUserAdmin

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(AuditedAdmin, DjangoGroupAdmin, ModelAdmin):
    """Django's permission groups, for staff who are not superusers."""


@admin.register(User)
class UserAdmin(AuditedAdmin, _DjangoUserAdmin, ModelAdmin):
    """People who sign in. Never deleted: an audit row names them."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


@admin.register(Organisation)
class OrganisationAdmin(ReadOnlyAdmin):
    """Organisations: opened with a wallet of their own, topped up, and given members, all by use cases."""

    list_display = ("name", "slug", "wallet_account_id", "is_platform", "created_at")
    search_fields = ("name", "slug")
    ordering = ("slug",)
    actions_list = ("open_organisation",)
    actions_detail = ("top_up", "set_role")

    @action(
        description="Open an organisation",
        url_path="open",
        icon="add_business",
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


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Who may act for whom; roles are given on the organisation's page."""

    list_display = ("user", "organisation", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "organisation")
    search_fields = ("user__username", "organisation__name", "organisation__slug")


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "shown_prefix",
        "organisation",
        "cap",
        "daily_cap",
        "last_used_at",
        "expires_at",
        "shown_standing",
    )
    list_filter = ("revoked_at", "created_at")
    list_select_related = ("organisation",)
    search_fields = ("name", "prefix", "organisation__name", "organisation__slug")
    exclude = ("digest",)
    actions_detail = ("revoke",)
    cap = money("spend_cap_micro_usd", "spend cap")
    daily_cap = money("daily_cap_micro_usd", "a day")

    @display(description="key", ordering="prefix")
    def shown_prefix(self, key: ApiKey) -> str:
        return f"dvm_{key.prefix}_…"

    @display(description="standing", label={"in use": "success", "revoked": "danger", "expired": "warning"})
    def shown_standing(self, key: ApiKey) -> str:
        if key.revoked_at:
            return "revoked"
        return "expired" if key.expires_at and key.expires_at <= timezone.now() else "in use"

    @action(
        description="Revoke",
        url_path="revoke",
        icon="key_off",
        variant=ActionVariant.DANGER,
        dialog=dialog("Revoke this key", "Programs that use it are refused from the next call on.", "Revoke"),
    )
    def revoke(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        key = ApiKey.objects.select_related("organisation").get(pk=object_id)
        return carry_out(
            request,
            lambda user: access.revoke_key(key=key, acting_user=user, now=timezone.now()),
            done=f"{key} is revoked.",
            back=reverse("admin:marketplace_apikey_change", args=[object_id]),
        )


@admin.register(DaySpendCap)
class DaySpendCapAdmin(ReadOnlyAdmin):
    """What keys may spend on one UTC day; where a cap stands is on its account."""

    list_display = ("key", "day", "cap", "account_id")
    list_filter = ("day",)
    list_select_related = ("key",)
    search_fields = ("key__name", "key__prefix")
    ordering = ("-day", "-pk")
    cap = money("limit_micro_usd", "spend cap")


@admin.register(KeptReply)
class KeptReplyAdmin(ReadOnlyAdmin):
    """What repeated requests are answered with."""

    list_display = ("key", "organisation", "status", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("organisation",)
    search_fields = ("key", "organisation__slug")
    ordering = ("-created_at", "-pk")


def _page_of(organisation_id: int) -> str:
    return reverse("admin:marketplace_organisation_change", args=[organisation_id])
