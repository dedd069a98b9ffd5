"""Under which rules a source votes: published policy versions, and the budgets of a consumer's day.

A published version is never changed. Later forms (ODRL, agreements) hang on these rows.
"""

from django.db import models

from marketplace.models.checks import one_of
from marketplace.models.people import Organisation, User
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


class DayBudget(models.Model):
    """The influence that one consumer may take from one source on one UTC day; opened when first needed."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="day_budgets")
    consumer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="day_budgets")
    day = models.DateField()
    account_id = models.BigIntegerField(unique=True)
    limit_nano_nats = models.BigIntegerField(help_text="as credited; follows the policy in force")

    class Meta:
        ordering = ["-day", "source_id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "consumer", "day"], name="day_budget_once"),
            models.CheckConstraint(
                condition=models.Q(limit_nano_nats__gte=0), name="day_budget_limit_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} for {self.consumer_id} on {self.day}"
