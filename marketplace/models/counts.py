"""How often answers were asked for, and how often sources were refused: counts by UTC day, no questions.

One answer adds a bounded number of rows, whatever the size of the market, because sources that it did not
choose by name are counted by rule alone. For back-tests of policies and for the console's dashboards.
"""

from django.db import models
from django.db.models import Q

from marketplace.models.people import Organisation
from marketplace.models.sources import Source


class DayCount(models.Model):
    """Who asked, on which UTC day, for what, and how often."""

    day = models.DateField()
    consumer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=64)
    mode = models.CharField(max_length=8, help_text="open or private")
    output = models.CharField(max_length=16, help_text="answer, quotation or classification")
    count = models.BigIntegerField()

    class Meta:
        abstract = True


class RequestCount(DayCount):
    """Answers that were open to every source: they chose none by name."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "consumer", "purpose", "mode", "output"], name="request_count_once"
            ),
            models.CheckConstraint(condition=Q(count__gt=0), name="request_count_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.count} requests of {self.consumer_id} on {self.day}"


class RefusalCount(DayCount):
    """How often a rule said no. `source` is the one that an answer chose by name and did not get; None stands
    for all that it did not choose: there `count` is the number of sources, over all answers of the day.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    rule = models.CharField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "day", "consumer", "purpose", "mode", "output", "rule"],
                name="refusal_count_once",
                condition=Q(source__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["day", "consumer", "purpose", "mode", "output", "rule"],
                name="refusal_count_of_others_once",
                condition=Q(source__isnull=True),
            ),
            models.CheckConstraint(condition=Q(count__gt=0), name="refusal_count_positive"),
        ]
        indexes = [models.Index(fields=["day", "rule"], name="refusal_count_by_day")]

    def __str__(self) -> str:
        return f"{self.count} times {self.rule} on {self.day}"
