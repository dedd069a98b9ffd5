"""Who runs the market, and as what: rows of people, apart from the organisations that they may also be in.

A superuser is an operator without a row, so that a fresh installation has one.
"""

from django.db import models

from marketplace.models.checks import one_of
from marketplace.models.people import User


class Staff(models.TextChoices):
    """The staff roles."""

    OPERATOR = "operator", "Operator: everything, staff included"
    POLICY_REVIEWER = "policy_reviewer", "Policy reviewer: sources, policies, templates, purposes"
    FINANCE = "finance", "Finance: wallets, payouts, refunds"
    AUDITOR = "auditor", "Auditor: reads everything, changes nothing"


class StaffRole(models.Model):
    """One role that one person holds in running the market."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="staff_roles")
    role = models.CharField(max_length=16, choices=Staff.choices)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["user_id", "role"]
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="staff_role_once"),
            one_of("role", Staff, name="staff_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"
