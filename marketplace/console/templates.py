"""Policy templates in the console: listed, looked at in words, and kept through use cases."""

from django.contrib import admin

from accounting.console import ReadOnlyAdmin
from marketplace.models import PolicyTemplate


@admin.register(PolicyTemplate)
class PolicyTemplateAdmin(ReadOnlyAdmin):
    list_display = ("title", "slug", "description", "active", "order")
    list_filter = ("active",)
    search_fields = ("title", "slug", "description")
    ordering = ("order", "slug")
