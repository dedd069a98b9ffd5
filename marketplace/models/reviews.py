"""What a policy reviewer decides before it may vote: one row a published policy version that has to wait.

A version without a row needed no review. The rows stay: they say who let a policy in, and why not.
"""

from django.db import models
from django.db.models import Q

from marketplace.models.checks import one_of
from marketplace.models.people import User
from marketplace.models.policies import PolicyVersion
from marketplace.models.sources import Source


class ReviewState(models.TextChoices):
    WAITING = "waiting", "Waiting for a decision"
    APPROVED = "approved", "Approved: it took effect"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    REJECTED = "rejected", "Rejected"
    REPLACED = "replaced", "Replaced: its owner published another one first"


DECISIONS = (ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED, ReviewState.REJECTED)


class ReviewItem(models.Model):
    """A policy version in the queue; `reason` is what its owner reads."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="reviews")
    version = models.OneToOneField(PolicyVersion, on_delete=models.PROTECT, related_name="review")
    is_first = models.BooleanField(help_text="no policy of this source has been in force before")
    state = models.CharField(max_length=20, choices=ReviewState.choices, default=ReviewState.WAITING)
    reason = models.CharField(max_length=300, blank=True, help_text="the owner reads it")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["asked_at", "id"]
        constraints = [
            one_of("state", ReviewState, name="review_state_known"),
            models.UniqueConstraint(
                fields=["source"], condition=Q(state="waiting"), name="review_one_waiting_a_source"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(state="waiting") & Q(decided_at__isnull=False)),
                name="review_decided_exactly_when_not_waiting",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["changes_requested", "rejected"]) | ~Q(reason=""),
                name="review_refusal_has_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["state", "asked_at"], name="review_by_state")]

    def __str__(self) -> str:
        return f"policy {self.version.number} of {self.source.title}"
