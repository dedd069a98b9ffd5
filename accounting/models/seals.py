"""What holds the append-only rows together: one seal per batch, each building on the one before it, signed.

A row's place in its book is the seal's first position plus its place among the members.
"""

from django.db import models
from django.db.models import F, Q


class Seal(models.Model):
    """The rows of one book that arrived after `after` and up to `until`, and `late` ones of before."""

    book = models.CharField(max_length=16)
    number = models.PositiveBigIntegerField()
    after = models.DateTimeField(null=True)
    until = models.DateTimeField()
    first_position = models.PositiveBigIntegerField()
    count = models.PositiveIntegerField()
    late = models.PositiveIntegerField()
    columns = models.JSONField()
    members = models.BinaryField()  # per row: 16 bytes of its id, 32 bytes of the chain after it
    previous_head = models.CharField(max_length=64)
    head = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
    jws = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="seal_chain_never_forks", fields=["book", "number"]),
            models.CheckConstraint(
                name="seal_has_late_rows_among_its_rows", condition=Q(late__lte=F("count"))
            ),
        ]

    def __str__(self) -> str:
        return f"seal {self.number} of {self.book}"

    @property
    def statement(self) -> dict[str, object]:
        """What is signed."""
        return {
            "book": self.book,
            "number": self.number,
            "after": self.after and self.after.isoformat(),
            "until": self.until.isoformat(),
            "first_position": self.first_position,
            "count": self.count,
            "late": self.late,
            "columns": self.columns,
            "previous_head": self.previous_head,
            "head": self.head,
            "sealed_at": self.sealed_at.isoformat(),
        }
