"""Published policies and window budgets in the console: to look at, never to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounting.console import ReadOnlyAdmin, influence
from marketplace.console.comparing import compare
from marketplace.models import BudgetAlert, PolicyCancellation, PolicyVersion, WindowBudget


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    list_display = ("source", "number", "regime", "published_by", "published_at", "effective_at", "digest")
    list_filter = ("regime", "published_at")
    list_select_related = ("source", "published_by")
    search_fields = ("source__slug", "source__title", "digest")
    change_form_outer_before_template = "console/version.html"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """With what it changed, side by side."""
        key = int(object_id) if object_id and object_id.isdecimal() else 0
        version = PolicyVersion.objects.select_related("source", "replaces").filter(pk=key).first()
        context = {"comparison": compare(version.replaces, version)} if version else {}
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **context})


@admin.register(PolicyCancellation)
class PolicyCancellationAdmin(ReadOnlyAdmin):
    """Versions that were called off before their moment."""

    list_display = ("version", "reason", "cancelled_by", "cancelled_at")
    list_select_related = ("version", "cancelled_by")
    search_fields = ("version__source__slug", "reason")


@admin.register(WindowBudget)
class WindowBudgetAdmin(ReadOnlyAdmin):
    list_display = (
        "source",
        "per",
        "kind",
        "consumer",
        "starts_at",
        "limit",
        "returned",
        "paused",
        "account_id",
    )
    list_filter = ("per", "kind", "paused", "starts_at")
    list_select_related = ("source", "consumer")
    search_fields = ("source__slug", "consumer__slug", "consumer__name")
    limit = influence("limit_nano_nats", "limit")
    returned = influence("returned_nano_nats", "given back")


@admin.register(BudgetAlert)
class BudgetAlertAdmin(ReadOnlyAdmin):
    list_display = (
        "source",
        "budget",
        "consumer",
        "percent",
        "spent",
        "limit",
        "raised_at",
        "rearmed_at",
        "mailed_at",
    )
    list_filter = ("percent", "raised_at")
    list_select_related = ("source", "consumer")
    search_fields = ("source__slug", "consumer__slug", "budget")
    limit = influence("limit_nano_nats", "limit")
    spent = influence("spent_nano_nats", "spent")
