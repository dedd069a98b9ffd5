"""Partitions and training jobs in the console; a job that hangs can be called off."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounting.console import ReadOnlyAdmin, state_column
from marketplace import training_jobs
from marketplace.console.dialogs import carry_out, dialog
from marketplace.models import Job, Partition


@admin.register(Partition)
class PartitionAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "source",
        "version",
        "shown_state",
        "core_slug",
        "held_out",
        "votes",
        "activated_at",
    )
    list_filter = ("state", "core_slug", "created_at")
    list_select_related = ("source", "version")
    search_fields = ("source__slug", "source__title", "digest", "adapter_digest", "index_digest")
    shown_state = state_column(
        {
            "active": "success",
            "queued": "info",
            "training": "warning",
            "failed": "danger",
            "withdrawn": "info",
        }
    )

    @display(description="held-out bits a byte, core → adapter")
    def held_out(self, partition: Partition) -> str:
        core = partition.metrics.get("held_out_bits_core")
        adapter = partition.metrics.get("held_out_bits_adapter")
        return "—" if core is None or adapter is None else f"{core:.3f} → {adapter:.3f}"

    @display(description="votes", boolean=True)
    def votes(self, partition: Partition) -> bool:
        return bool(partition.metrics.get("votes"))


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "kind",
        "source",
        "shown_state",
        "stage",
        "progress",
        "attempts",
        "created_at",
        "finished_at",
    )
    list_filter = ("state", "kind", "created_at")
    list_select_related = ("source",)
    search_fields = ("=id", "source__slug", "source__title", "message")
    actions_detail = ("cancel",)
    shown_state = state_column(
        {"done": "success", "queued": "info", "running": "warning", "failed": "danger", "cancelled": "info"}
    )

    @display(description="progress")
    def progress(self, job: Job) -> str:
        return f"{job.progress_done:,} of {job.progress_total:,}" if job.progress_total else "—"

    @action(
        description="Cancel",
        url_path="cancel",
        permissions=["marketplace.cancel_job"],
        icon="cancel",
        variant=ActionVariant.DANGER,
        dialog=dialog(
            "Cancel this job", "It stops at its next report. What voted before still votes.", "Cancel it"
        ),
    )
    def cancel(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        job = Job.objects.select_related("source__organisation").get(pk=object_id)
        return carry_out(
            request,
            lambda user: training_jobs.cancel_job(job=job, acting_user=user, now=timezone.now()),
            done=f"Job {job.pk} is cancelled.",
            back=reverse("admin:marketplace_job_change", args=[object_id]),
        )
