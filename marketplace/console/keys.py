"""API keys and what hangs on them in the console: suspended, resumed and revoked by use cases."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounting.console import ReadOnlyAdmin, money
from marketplace import access, suspending
from marketplace.console.bulk import Bulk, BulkAdmin
from marketplace.console.dialogs import ReasonForm, carry_out, dialog
from marketplace.models import ApiKey, DaySpendCap, KeptReply


@admin.register(ApiKey)
class ApiKeyAdmin(BulkAdmin):
    list_display = (
        "name",
        "shown_prefix",
        "organisation",
        "cap",
        "daily_cap",
        "last_used_at",
        "expires_at",
        "shown_standing",
        "suspended_reason",
    )
    list_filter = ("revoked_at", ("suspended_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("organisation",)
    search_fields = ("name", "prefix", "organisation__name", "organisation__slug")
    exclude = ("digest", "previous_digest")
    actions_detail = ("suspend", "resume", "revoke")
    bulk = (
        Bulk(
            "suspend_many", "Suspend these keys", "They are refused from the next call on.",
            "marketplace.suspend_key",
            lambda key, reason, user, now: suspending.suspend_key(
                key=key, reason=reason, acting_user=user, now=now
            ),
        ),
        Bulk(
            "resume_many", "Resume these keys", "They are taken again.", "marketplace.suspend_key",
            lambda key, _reason, user, now: suspending.resume_key(key=key, acting_user=user, now=now),
            needs_reason=False,
        ),
        Bulk(
            "revoke_many", "Revoke these keys", "They are refused for ever.", "marketplace.revoke_key",
            lambda key, reason, user, now: access.revoke_key(
                key=key, reason=reason, acting_user=user, now=now
            ),
        ),
    )  # fmt: skip
    cap = money("spend_cap_micro_usd", "spend cap")
    daily_cap = money("daily_cap_micro_usd", "a day")

    @display(description="key", ordering="prefix")
    def shown_prefix(self, key: ApiKey) -> str:
        return f"dvm_{key.prefix}_…"

    @display(
        description="standing",
        label={"in use": "success", "revoked": "danger", "suspended": "danger", "expired": "warning"},
    )
    def shown_standing(self, key: ApiKey) -> str:
        if key.revoked_at:
            return "revoked"
        if key.is_suspended:
            return "suspended"
        return "expired" if key.expires_at and key.expires_at <= timezone.now() else "in use"

    @action(
        description="Suspend",
        url_path="suspend",
        icon="pause_circle",
        permissions=["marketplace.suspend_key"],
        dialog=dialog(
            "Suspend this key",
            "It is refused from the next call on, and answers under way end at their next token. Its "
            "organisation reads the reason.",
            "Suspend",
            ReasonForm,
        ),
    )
    def suspend(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        key, reason = _key(object_id), form.cleaned_data["reason"]
        return carry_out(
            request,
            lambda user: suspending.suspend_key(key=key, reason=reason, acting_user=user, now=timezone.now()),
            done=f"{key} is suspended.",
            back=_page_of(object_id),
        )

    @action(
        description="Resume",
        url_path="resume",
        icon="play_circle",
        permissions=["marketplace.suspend_key"],
        dialog=dialog("Resume this key", "It is taken again from now on.", "Resume"),
    )
    def resume(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        key = _key(object_id)
        return carry_out(
            request,
            lambda user: suspending.resume_key(key=key, acting_user=user, now=timezone.now()),
            done=f"{key} is taken again.",
            back=_page_of(object_id),
        )

    @action(
        description="Revoke",
        url_path="revoke",
        icon="key_off",
        variant=ActionVariant.DANGER,
        permissions=["marketplace.revoke_key"],
        dialog=dialog(
            "Revoke this key",
            "For ever: programs that use it are refused from the next call on, and answers under way end at "
            "their next token. Its organisation reads the reason.",
            "Revoke",
            ReasonForm,
        ),
    )
    def revoke(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        key, reason = _key(object_id), form.cleaned_data["reason"]
        return carry_out(
            request,
            lambda user: access.revoke_key(key=key, reason=reason, acting_user=user, now=timezone.now()),
            done=f"{key} is revoked.",
            back=_page_of(object_id),
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


def _key(object_id: int) -> ApiKey:
    return ApiKey.objects.select_related("organisation").get(pk=object_id)


def _page_of(object_id: int) -> str:
    return reverse("admin:marketplace_apikey_change", args=[object_id])
