"""People, their memberships and their staff roles in the console. Roles are given and taken by use cases."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounting.console import ReadOnlyAdmin
from accounting.errors import Conflict
from marketplace import staff
from marketplace.console.audited import AuditedAdmin
from marketplace.console.dialogs import StaffRoleForm, carry_out, dialog
from marketplace.models import Invitation, Membership, Staff, StaffRole, User

if TYPE_CHECKING:  # at run time Django's class takes no type argument
    _DjangoUserAdmin = DjangoUserAdmin[User]
else:
    _DjangoUserAdmin = DjangoUserAdmin

admin.site.unregister(Group)  # who may do what follows from staff roles alone


@admin.register(User)
class UserAdmin(AuditedAdmin, _DjangoUserAdmin, ModelAdmin):
    """People who sign in. Never deleted: an audit row names them."""

    checks_class = ReadOnlyAdmin.checks_class
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "shown_roles", "last_login")
    list_filter = ("is_active", "staff_roles__role", "is_superuser")
    actions_detail = ("grant_role", "revoke_role")
    actions = None  # nothing is done to many people at once
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Console", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    filter_horizontal = ()

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("staff_roles")

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Inside the form's own transaction; without an operator nobody could undo anything."""
        staff.lock_operators()
        super().save_model(request, obj, form, change)
        staff.check_operator_remains()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Conflict as refused:
            messages.error(request, f"{refused.detail} {refused.next_step}")
            return redirect(request.get_full_path())

    @display(description="staff roles")
    def shown_roles(self, user: User) -> str:
        roles = sorted(one.role.replace("_", " ") for one in user.staff_roles.all())
        return ", ".join(["superuser"] * user.is_superuser + roles) or "—"

    @action(
        description="Give a staff role",
        url_path="grant-role",
        icon="admin_panel_settings",
        permissions=["marketplace.grant_staff"],
        dialog=dialog(
            "Give a staff role", "It opens the console from the next page on.", "Give it", StaffRoleForm
        ),
    )
    def grant_role(self, request: HttpRequest, form: StaffRoleForm, object_id: int) -> HttpResponse:
        person, role = User.objects.get(pk=object_id), Staff(form.cleaned_data["role"])
        return carry_out(
            request,
            lambda user: staff.grant(user=person, role=role, acting_user=user, now=timezone.now()),
            done=f"{person} now holds the role {role.replace('_', ' ')}.",
            back=_page_of(object_id),
        )

    @action(
        description="Take a staff role",
        url_path="revoke-role",
        icon="remove_moderator",
        variant=ActionVariant.DANGER,
        permissions=["marketplace.grant_staff"],
        dialog=dialog("Take a staff role", "It ends with the next page.", "Take it", StaffRoleForm),
    )
    def revoke_role(self, request: HttpRequest, form: StaffRoleForm, object_id: int) -> HttpResponse:
        person, role = User.objects.get(pk=object_id), Staff(form.cleaned_data["role"])
        return carry_out(
            request,
            lambda user: staff.revoke(user=person, role=role, acting_user=user, now=timezone.now()),
            done=f"{person} no longer holds the role {role.replace('_', ' ')}.",
            back=_page_of(object_id),
        )


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Who may act for whom; roles are given on the organisation's page."""

    list_display = ("user", "organisation", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "organisation")
    search_fields = ("user__username", "organisation__name", "organisation__slug")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Who was asked to join which organisation; owners invite and take back."""

    list_display = ("organisation", "role", "invited_by", "created_at", "expires_at", "accepted_at")
    list_filter = ("role", "created_at")
    list_select_related = ("organisation", "invited_by")
    search_fields = ("organisation__slug", "organisation__name")
    exclude = ("digest",)


@admin.register(StaffRole)
class StaffRoleAdmin(ReadOnlyAdmin):
    """Who runs the market; roles are given on the person's page."""

    list_display = ("user", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user",)
    search_fields = ("user__username",)


def _page_of(user_id: int) -> str:
    return reverse("admin:marketplace_user_change", args=[user_id])
