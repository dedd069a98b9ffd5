"""Which sources changed in what decides whether they may vote, and in which transaction: one row a source.

Written by the database itself (`marketplace.in_force.RULES`), whoever changes a source or its partition; read
once by every query, so that a change is in force for the next query of every process.
"""

from django.db import models

from marketplace.models.sources import Source


class SourceChange(models.Model):
    """`changed_in` is the last transaction that did; on SQLite, where writers take turns, a count."""

    source = models.OneToOneField(
        Source, on_delete=models.CASCADE, primary_key=True, related_name="last_change"
    )
    changed_in = models.BigIntegerField(db_index=True)

    class Meta:
        ordering = ["source_id"]

    def __str__(self) -> str:
        return f"{self.source_id} changed in {self.changed_in}"
