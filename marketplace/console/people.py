"""People, organisations, memberships and keys in the console. What it changes goes through use cases."""

import uuid
from typing import TYPE_CHECKING, Any, cast

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

from accounting import audit, wallets
from accounting.console import ReadOnlyAdmin, money
from marketplace import access, organisations
from marketplace.console.reasons import AmountForm, carry_out, dialog
from marketplace.models import ApiKey, Membership, Organisation, Role, User

if TYPE_CHECKING:  # at run time Django's class takes no type argument
    _DjangoUserAdmin = DjangoUserAdmin[User]
else:
    _DjangoUserAdmin = DjangoUserAdmin

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Django's permission groups, for staff who are not superusers."""


@admin.register(User)
class UserAdmin(_DjangoUserAdmin, ModelAdmin):
    """People who sign in. Never deleted: an audit row names them."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record(
            acting_user=cast("User", request.user).get_username(),
            action="user.changed" if change else "user.created",
            subject=f"user:{obj.username}",
            after={"fields": sorted(set(form.changed_data) - {"password", "password1", "password2"})},
            now=timezone.now(),
        )


@admin.register(Organisation)
class OrganisationAdmin(ReadOnlyAdmin):
    """Organisations: made with a wallet of their own, by the use case; topped up from their page."""

    list_display = ("name", "slug", "wallet_account_id", "is_platform", "created_at")
    search_fields = ("name", "slug")
    ordering = ("slug",)
    fields: Any = ("slug", "name", "wallet_account_id", "is_platform", "created_at")
    actions_detail = ("top_up",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def get_fields(self, request: HttpRequest, obj: Organisation | None = None) -> Any:
        return ("slug", "name") if obj is None else self.fields

    def save_model(self, request: HttpRequest, obj: Organisation, form: Any, change: bool) -> None:
        made = organisations.create_organisation(
            slug=obj.slug, name=obj.name, acting_user=cast("User", request.user), now=timezone.now()
        )
        obj.pk = made.pk

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
            lambda user: wallets.top_up(
                wallet_id=organisation.wallet_account_id,
                amount_micro_usd=int(amount * 1_000_000),
                operation_id=uuid.uuid4(),
                acting_user_label=user.username,
                now=timezone.now(),
            ),
            done=f"${amount} credited to {organisation.name}.",
            back=reverse("admin:marketplace_organisation_change", args=[object_id]),
        )


@admin.register(Membership)
class MembershipAdmin(ModelAdmin):
    """Who may act for whom. Giving a role again changes it."""

    list_display = ("user", "organisation", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "organisation")
    search_fields = ("user__username", "organisation__name", "organisation__slug")
    fields = ("user", "organisation", "role")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        made = organisations.add_member(
            organisation=obj.organisation,
            user=obj.user,
            role=Role(obj.role),
            acting_user=cast("User", request.user),
            now=timezone.now(),
        )
        obj.pk = made.pk


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "shown_prefix",
        "organisation",
        "cap",
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
