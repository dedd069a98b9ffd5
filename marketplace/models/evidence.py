"""Certificates that a source which is off moves nothing: asked for by its owner, computed by the engine."""

import uuid

from django.db import models
from django.db.models import Q

from marketplace.models.checks import one_of
from marketplace.models.sources import Source


class CertificateState(models.TextChoices):
    QUEUED = "queued", "Being computed"
    ZERO = "zero", "Zero influence: signed"
    FAILED = "failed", "Not zero, or not computed: not signed"


class ZeroInfluence(models.Model):
    """One check. What was found stands in `evidence`, and is signed only where it is zero."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=CertificateState.choices, default=CertificateState.QUEUED)
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    evidence = models.JSONField(null=True, blank=True)
    jws = models.TextField(blank=True)
    problem = models.CharField(max_length=300, blank=True, help_text="why it failed, in one sentence")

    class Meta:
        ordering = ["-requested_at", "id"]
        constraints = [
            one_of("state", CertificateState, name="zero_influence_state_known"),
            models.CheckConstraint(
                condition=Q(state="zero") & ~Q(jws="") | ~Q(state="zero") & Q(jws=""),
                name="zero_influence_signed_exactly_when_zero",
            ),
            models.CheckConstraint(
                condition=Q(state="queued", finished_at__isnull=True)
                | ~Q(state="queued") & Q(finished_at__isnull=False),
                name="zero_influence_finished_exactly_when_ended",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(problem=""), name="zero_influence_failure_says_why"
            ),
            models.UniqueConstraint(
                fields=["source"], condition=Q(state="queued"), name="zero_influence_one_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["source", "-requested_at"], name="zero_influence_by_source")]

    def __str__(self) -> str:
        return f"{self.state} {self.source_id}"
