"""Published policies and day budgets in the console: to look at, never to change."""

from django.contrib import admin

from accounting.console import ReadOnlyAdmin, influence
from marketplace.models import DayBudget, PolicyVersion


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    list_display = ("source", "number", "regime", "published_by", "published_at", "digest")
    list_filter = ("regime", "published_at")
    list_select_related = ("source", "published_by")
    search_fields = ("source__slug", "source__title", "digest")


@admin.register(DayBudget)
class DayBudgetAdmin(ReadOnlyAdmin):
    list_display = ("day", "source", "consumer", "limit", "account_id")
    list_filter = ("day",)
    list_select_related = ("source", "consumer")
    search_fields = ("source__slug", "consumer__slug", "consumer__name")
    limit = influence("limit_nano_nats", "limit")
