"""What an operator can switch off for a while: the fields that say when, why and by whom."""

from django.db import models
from django.db.models import Q


class Suspendable(models.Model):
    """Suspended exactly while `suspended_at` is set; whom it concerns reads the reason."""

    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_reason = models.CharField(max_length=300, blank=True)
    suspended_by = models.ForeignKey(
        "marketplace.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        abstract = True

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None


def suspended_with_reason(*, name: str) -> models.CheckConstraint:
    """Nobody is switched off without being told why, and by whom."""
    return models.CheckConstraint(
        condition=Q(suspended_at__isnull=True, suspended_by__isnull=True, suspended_reason="")
        | (Q(suspended_at__isnull=False, suspended_by__isnull=False) & ~Q(suspended_reason="")),
        name=name,
    )
