"""What a source gives in a stretch of time: one row, with one account, for each window and period.

A calendar period is a new row with a new account, never a reset in place. A rolling window is one row for
ever: what was spent on its account is given back when it is older than the window (`marketplace.rolling`).
"""

from django.db import models
from django.db.models import Q

from marketplace.models.checks import not_negative, one_of
from marketplace.models.people import Organisation
from marketplace.models.sources import Source


class WindowPer(models.TextChoices):
    HOUR = "hour", "Hour"
    DAY = "day", "Day"
    MONTH = "month", "Month"


class WindowKind(models.TextChoices):
    CALENDAR = "calendar", "Calendar: begins empty each time"
    ROLLING = "rolling", "Rolling: any stretch of that length"


class WindowBudget(models.Model):
    """`consumer` None is all consumers together; `starts_at` is the calendar period's, None when rolling."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="window_budgets")
    consumer = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="window_budgets"
    )
    per = models.CharField(max_length=8, choices=WindowPer.choices)
    kind = models.CharField(max_length=8, choices=WindowKind.choices)
    starts_at = models.DateTimeField(null=True, blank=True)
    account_id = models.BigIntegerField(unique=True)
    limit_nano_nats = models.BigIntegerField(
        help_text="as stated to the account; follows the policy in force"
    )
    paused = models.BooleanField(default=False, help_text="its account is stated to give nothing for now")
    returned_nano_nats = models.BigIntegerField(
        default=0,
        help_text="rolling: what was spent and given back since, because it is older than the window",
    )
    marks = models.JSONField(
        default=list, blank=True, help_text="rolling: [seconds, nano-nats spent by then], oldest first"
    )
    rolled_at = models.DateTimeField(
        null=True, blank=True, help_text="rolling: when a mark was last looked at"
    )
    used_at = models.DateTimeField(
        null=True, blank=True, help_text="rolling: when an answer last came, roughly"
    )
    next_roll_at = models.DateTimeField(
        null=True, blank=True, help_text="rolling: None while nothing is spent"
    )

    class Meta:
        ordering = ["-starts_at", "source_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "consumer", "per", "kind", "starts_at"],
                name="window_budget_once_a_period",
                condition=Q(consumer__isnull=False, starts_at__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["source", "per", "kind", "starts_at"],
                name="window_budget_of_all_once_a_period",
                condition=Q(consumer__isnull=True, starts_at__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["source", "consumer", "per"],
                name="window_budget_rolling_once",
                condition=Q(consumer__isnull=False, starts_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["source", "per"],
                name="window_budget_rolling_of_all_once",
                condition=Q(consumer__isnull=True, starts_at__isnull=True),
            ),
            one_of("per", WindowPer, name="window_budget_per_known"),
            models.CheckConstraint(
                condition=Q(kind=WindowKind.CALENDAR, starts_at__isnull=False, returned_nano_nats=0)
                | Q(kind=WindowKind.ROLLING, starts_at__isnull=True),
                name="window_budget_calendar_has_a_start",
            ),
            not_negative("limit_nano_nats", "returned_nano_nats", name="window_budget_not_negative"),
        ]
        indexes = [
            models.Index(fields=["starts_at"], name="window_budget_by_start"),
            models.Index(
                fields=["next_roll_at"],
                name="window_budget_to_roll",
                condition=Q(next_roll_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.key} for {self.consumer_id or 'all'}"

    @property
    def key(self) -> str:
        """The name of its window in the policy."""
        return f"{self.per}-{self.kind}-{'all' if self.consumer_id is None else 'each'}"
