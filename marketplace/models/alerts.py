"""What an owner was told about a budget: half, four fifths and all of it is spent, once each.

A row stands until its limit is raised beyond what was spent (or, in a rolling window, until it comes round
again): then it is rearmed, and the next time is told anew.
"""

from django.db import models
from django.db.models import Q

from marketplace.models.people import Organisation
from marketplace.models.sources import Source


class BudgetAlert(models.Model):
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="budget_alerts")
    consumer = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    budget = models.CharField(max_length=32, help_text="its name, e.g. lifetime or day-calendar-each")
    account_id = models.BigIntegerField()
    starts_at = models.DateTimeField(null=True, blank=True, help_text="of its calendar period")
    percent = models.PositiveSmallIntegerField()
    limit_nano_nats = models.BigIntegerField(help_text="when it was reached")
    spent_nano_nats = models.BigIntegerField(help_text="when it was reached")
    raised_at = models.DateTimeField()
    rearmed_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(
        null=True, blank=True, help_text="when its owners were written to, if any of them has an address"
    )

    class Meta:
        ordering = ["-raised_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "percent"],
                condition=Q(rearmed_at__isnull=True),
                name="budget_alert_once_until_rearmed",
            ),
            models.CheckConstraint(condition=Q(percent__in=[50, 80, 100]), name="budget_alert_percent_known"),
        ]
        indexes = [
            models.Index(fields=["source", "-id"], name="budget_alert_by_source"),
            models.Index(fields=["id"], name="budget_alert_to_mail", condition=Q(mailed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.percent}% of {self.budget} of {self.source_id}"
