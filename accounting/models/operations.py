"""What was asked, and how it ended: the memory that makes every write safe to repeat (rule 4).

One row per write, under an id that the client made. The outcome is filled in by the same transaction that did
the work, so a row that others can see always has one.
"""

from django.db import models
from django.db.models import Q


class Operation(models.Model):
    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=24)
    digest = models.CharField(max_length=64)
    outcome = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="operation_has_a_digest", condition=~Q(digest=""))]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
