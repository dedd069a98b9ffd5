"""Answers in the console: states and times. Questions and replies are sealed and stay so."""

from django.contrib import admin

from accounting.console import ReadOnlyAdmin, state_column
from inference.models import Answer, SealedTranscript


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "kind",
        "choice",
        "organisation",
        "shown_state",
        "purpose",
        "created_at",
        "finished_at",
        "receipt_id",
    )
    list_filter = ("state", "kind", "created_at")
    list_select_related = ("organisation",)
    search_fields = ("=id", "=part_of__id", "=receipt_id", "organisation__slug", "organisation__name")
    ordering = ("-created_at", "-pk")
    exclude = ("sealed_request", "sealed_response")
    shown_state = state_column(
        {"done": "success", "queued": "info", "running": "warning", "failed": "danger", "cancelled": "info"}
    )


@admin.register(SealedTranscript)
class SealedTranscriptAdmin(ReadOnlyAdmin):
    list_display = ("answer_id", "digest", "expires_at")
    list_filter = ("expires_at",)
    search_fields = ("=answer__id", "digest")
    exclude = ("ciphertext",)
