"""Counts of what was asked and refused, row by row; the pictures of them are on the page of refusals."""

from django.contrib import admin

from accounting.console import ReadOnlyAdmin
from marketplace.models import RefusalCount, RequestCount


@admin.register(RequestCount)
class RequestCountAdmin(ReadOnlyAdmin):
    list_display = ("day", "consumer", "purpose", "mode", "output", "count")
    list_filter = ("day", "purpose", "mode", "output")
    list_select_related = ("consumer",)
    search_fields = ("consumer__slug", "consumer__name", "purpose")
    ordering = ("-day", "-pk")


@admin.register(RefusalCount)
class RefusalCountAdmin(ReadOnlyAdmin):
    list_display = ("day", "rule", "source", "consumer", "purpose", "mode", "output", "count")
    list_filter = ("day", "rule", "purpose", "mode", "output")
    list_select_related = ("consumer", "source")
    search_fields = ("consumer__slug", "consumer__name", "source__slug", "rule")
    ordering = ("-day", "-pk")
