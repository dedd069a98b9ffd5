"""Under which rules a source votes: published policy versions.

A published version is never changed. Later forms (ODRL, agreements) hang on these rows.
"""

from django.db import models

from marketplace.models.checks import one_of
from marketplace.models.people import User
from marketplace.models.sources import Source


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
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["source_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["source", "number"], name="policy_number_once"),
            one_of("regime", Regime, name="policy_regime_known"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} policy {self.number}"
