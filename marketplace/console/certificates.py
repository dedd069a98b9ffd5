"""Certificates of zero influence in the console: every check, the failed ones with what was found."""

from django.contrib import admin

from accounting.console import ReadOnlyAdmin
from marketplace.models.evidence import ZeroInfluence


@admin.register(ZeroInfluence)
class ZeroInfluenceAdmin(ReadOnlyAdmin):
    list_display = ("source", "state", "requested_by", "requested_at", "finished_at", "problem")
    list_select_related = ("source",)
    list_filter = ("state",)
    search_fields = ("source__slug", "requested_by")
