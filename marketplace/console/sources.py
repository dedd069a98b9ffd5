"""Sources, versions and documents in the console; suspending and resuming a source, with a reason."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.enums import ActionVariant

from accounting.console import ReadOnlyAdmin, state_column
from marketplace import standing
from marketplace.console.bulk import Bulk, BulkAdmin
from marketplace.console.dialogs import ReasonForm, carry_out, dialog
from marketplace.models import Document, Source, SourceChange, SourceVersion


@admin.register(Source)
class SourceAdmin(BulkAdmin):
    list_display = ("title", "slug", "organisation", "shown_state", "policy", "state_reason", "created_at")
    list_filter = ("state", "policy__regime", "created_at")
    list_select_related = ("organisation", "policy")
    search_fields = ("title", "slug", "organisation__name", "organisation__slug")
    ordering = ("slug",)
    actions_detail = ("suspend", "resume")
    bulk = (
        Bulk(
            "suspend_many", "Suspend these sources",
            "They vote in no further token; their owners read the reason and cannot resume them.",
            "marketplace.suspend_source",
            lambda source, reason, user, now: standing.suspend(
                source=source, reason=reason, acting_user=user, now=now
            ),
        ),
        Bulk(
            "resume_many", "Resume these sources", "They vote again from the next answer on.",
            "marketplace.suspend_source",
            lambda source, _reason, user, now: standing.resume(source=source, acting_user=user, now=now),
            needs_reason=False,
        ),
    )  # fmt: skip
    shown_state = state_column(
        {"live": "success", "draft": "info", "suspended": "warning", "withdrawn": "danger"}
    )

    @action(
        description="Suspend",
        url_path="suspend",
        permissions=["marketplace.suspend_source"],
        icon="pause_circle",
        variant=ActionVariant.DANGER,
        dialog=dialog(
            "Suspend this source",
            "It votes in no further answer, and one under way goes on without it from its next token. Its "
            "owner reads the reason and cannot resume it.",
            "Suspend",
            ReasonForm,
        ),
    )
    def suspend(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        source = _source(object_id)
        return carry_out(
            request,
            lambda user: standing.suspend(
                source=source, reason=form.cleaned_data["reason"], acting_user=user, now=timezone.now()
            ),
            done=f"{source.title} is suspended.",
            back=_page_of(object_id),
        )

    @action(
        description="Resume",
        url_path="resume",
        permissions=["marketplace.suspend_source"],
        icon="play_circle",
        dialog=dialog("Resume this source", "It votes again from the next answer on.", "Resume"),
    )
    def resume(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        source = _source(object_id)
        return carry_out(
            request,
            lambda user: standing.resume(source=source, acting_user=user, now=timezone.now()),
            done=f"{source.title} may vote again.",
            back=_page_of(object_id),
        )


@admin.register(SourceVersion)
class SourceVersionAdmin(ReadOnlyAdmin):
    list_display = ("source", "number", "digest", "created_at")
    list_select_related = ("source",)
    search_fields = ("source__slug", "source__title", "digest")


@admin.register(SourceChange)
class SourceChangeAdmin(ReadOnlyAdmin):
    """When each source last changed in what decides whether it votes, as admission reads it."""

    list_display = ("source", "changed_in")
    list_select_related = ("source",)
    search_fields = ("source__slug", "source__title")
    ordering = ("-changed_in",)


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    list_display = ("name", "version", "size_in_bytes", "media_type", "digest", "added_at")
    list_filter = ("media_type", "added_at")
    list_select_related = ("version", "version__source")
    search_fields = ("name", "digest", "version__source__slug")

    @admin.display(description="size", ordering="size")
    def size_in_bytes(self, document: Document) -> str:
        return f"{document.size:,} bytes"


def _source(object_id: int) -> Source:
    return Source.objects.select_related("organisation").get(pk=object_id)


def _page_of(object_id: int) -> str:
    return reverse("admin:marketplace_source_change", args=[object_id])
