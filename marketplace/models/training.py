"""What training leaves behind, and the jobs that do it.

A partition row is written when training is asked for and filled in when it is done. A job is worked on under
a lease: `attempts` is the fencing number, so a worker that lost its lease can no longer write.
"""

from django.db import models
from django.db.models import Q

from marketplace.models.checks import one_of
from marketplace.models.people import User
from marketplace.models.sources import Source, SourceVersion


class PartitionState(models.TextChoices):
    QUEUED = "queued", "Queued"
    TRAINING = "training", "Training"
    ACTIVE = "active", "Active: votes"
    FAILED = "failed", "Failed"
    WITHDRAWN = "withdrawn", "Withdrawn: replaced or taken back"


class Partition(models.Model):
    """What belongs to one source alone on one core: its adapter, its index and its passages, by digest."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="partitions")
    version = models.ForeignKey(SourceVersion, on_delete=models.PROTECT, related_name="partitions")
    state = models.CharField(max_length=16, choices=PartitionState.choices, default=PartitionState.QUEUED)
    training_digest = models.CharField(
        max_length=64, help_text="what it is made from: version, core and settings"
    )
    adapter_tokens = models.PositiveIntegerField()
    core_slug = models.CharField(max_length=100)
    core_digest = models.CharField(max_length=64)
    adapter_digest = models.CharField(max_length=64, blank=True)
    index_digest = models.CharField(max_length=64, blank=True)
    passages_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64, blank=True, help_text="of the whole, as receipts name it")
    manifest = models.JSONField(default=dict, blank=True)
    metrics = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["source_id", "-id"]
        constraints = [
            one_of("state", PartitionState, name="partition_state_known"),
            models.UniqueConstraint(
                fields=["source"], condition=Q(state="active"), name="partition_one_active_a_source"
            ),
            models.UniqueConstraint(
                fields=["version", "training_digest"],
                condition=~Q(state__in=["failed", "withdrawn"]),
                name="partition_made_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | ~Q(digest=""), name="partition_active_has_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} partition {self.pk}"


class JobKind(models.TextChoices):
    TRAIN = "train", "Train a partition"


class JobState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


LIVE_JOBS = (JobState.QUEUED, JobState.RUNNING)


class Job(models.Model):
    """A long piece of work that its owner can follow and cancel."""

    kind = models.CharField(max_length=16, choices=JobKind.choices)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="jobs")
    version = models.ForeignKey(SourceVersion, on_delete=models.PROTECT, related_name="jobs")
    partition = models.ForeignKey(Partition, on_delete=models.PROTECT, related_name="jobs")
    state = models.CharField(max_length=16, choices=JobState.choices, default=JobState.QUEUED)
    stage = models.CharField(max_length=50, blank=True)
    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(default=0)
    message = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            one_of("kind", JobKind, name="job_kind_known"),
            one_of("state", JobState, name="job_state_known"),
            models.UniqueConstraint(
                fields=["version", "kind"], condition=Q(state__in=["queued", "running"]), name="job_one_live"
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False), name="job_running_has_lease"
            ),
        ]
        indexes = [models.Index(fields=["state", "lease_until"], name="job_by_lease")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.state})"
