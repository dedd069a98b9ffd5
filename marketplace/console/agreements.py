"""Agreements between consumers and sources in the console: to look at. Owners approve and end them."""

from django.contrib import admin

from accounting.console import ReadOnlyAdmin, state_column
from marketplace.models import Agreement, AgreementNotice


@admin.register(Agreement)
class AgreementAdmin(ReadOnlyAdmin):
    list_display = (
        "source", "consumer", "purpose", "shown_state", "automatic", "policy_version", "requested_at",
        "decided_by", "ended_at", "reason",
    )  # fmt: skip
    list_filter = ("state", "automatic", "requested_at")
    list_select_related = ("source", "consumer", "policy_version", "decided_by")
    search_fields = ("source__slug", "source__title", "consumer__slug", "consumer__name", "reason")
    ordering = ("-requested_at", "-pk")
    shown_state = state_column(
        {"in_force": "success", "requested": "warning", "refused": "danger", "ended": "info"}
    )


@admin.register(AgreementNotice)
class AgreementNoticeAdmin(ReadOnlyAdmin):
    list_display = ("agreement", "kind", "recipient", "raised_at", "mailed_at")
    list_filter = ("kind", "raised_at")
    list_select_related = ("agreement", "recipient")
    search_fields = ("agreement__source__slug", "agreement__consumer__slug")
