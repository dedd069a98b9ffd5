"""Under which rules a source votes: published policy versions, and the ones that were called off in time.

A published version is never changed and never deleted (marketplace.written_once). Which of them is in force,
and which waits for its moment, stands at the source; what is in a version stands here for good.
"""

from django.db import models
from django.db.models import F, Q

from marketplace.models.checks import one_of
from marketplace.models.people import User
from marketplace.models.sources import Source
from marketplace.policy.diff import Diff, diff


class Regime(models.TextChoices):
    PRIVACY = "privacy", "Privacy: a guaranteed bound"
    MEASUREMENT = "measurement", "Measurement: measured and capped"
    ATTRIBUTION = "attribution", "Attribution: measured, with a floor"


class PolicyVersion(models.Model):
    """One published policy, in its plain form, with the digest of that form."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="policies")
    number = models.PositiveIntegerField()
    plain = models.JSONField()
    digest = models.CharField(max_length=64)
    regime = models.CharField(max_length=16, choices=Regime.choices)
    first_version = models.PositiveIntegerField(
        help_text="the oldest source version that may vote under it; a source that leaves the privacy regime "
        "starts again with a new version",
    )
    newest_version = models.PositiveIntegerField(help_text="the newest source version when it was published")
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="the version in force when it was published: what its differences are told against",
    )  # fmt: skip
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()
    effective_at = models.DateTimeField(help_text="from when it is in force, unless it is called off before")

    class Meta:
        ordering = ["source_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["source", "number"], name="policy_number_once"),
            one_of("regime", Regime, name="policy_regime_known"),
            models.CheckConstraint(
                condition=Q(effective_at__gte=F("published_at")), name="policy_not_in_force_before_published"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} policy {self.number}"

    @property
    def diff(self) -> Diff:
        """What it changes. Lists load `replaces` with their rows."""
        return diff(self.replaces.plain if self.replaces else None, self.plain)


class PolicyCancellation(models.Model):
    """A version that was called off before its moment; it never was in force."""

    version = models.OneToOneField(PolicyVersion, on_delete=models.PROTECT, related_name="cancellation")
    reason = models.CharField(max_length=300, blank=True)
    cancelled_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.version} called off"
