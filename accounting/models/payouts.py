"""What owners asked to be paid out, and how each request ended.

A payout holds its money by pending transfers from earnings to the payouts account (those of its `operation`);
approval posts them, refusal and cancelling void them, and `sent` is the transfer that left the market. Its
terms never change and its states only move forward (accounting/database_rules).
"""

from django.db import models
from django.db.models import Q

from accounting.models.operations import Operation
from accounting.models.transfers import Transfer


class PayoutState(models.TextChoices):
    REQUESTED = "requested", "waits for approval"
    APPROVED = "approved", "approved, not yet sent"
    PAID = "paid", "paid"
    REFUSED = "refused", "refused"
    CANCELLED = "cancelled", "cancelled by its owner"
    RETURNED = "returned", "came back to earnings"


DECIDED = (PayoutState.APPROVED, PayoutState.PAID, PayoutState.REFUSED, PayoutState.RETURNED)
WITH_REASON = (PayoutState.REFUSED, PayoutState.RETURNED)


class Payout(models.Model):
    """`payee` is the caller's own name for who is paid; accounting does not know what it stands for."""

    id = models.UUIDField(primary_key=True)
    payee = models.CharField(max_length=100)
    amount_micro_usd = models.BigIntegerField()
    operation = models.OneToOneField(Operation, on_delete=models.PROTECT, related_name="payout")
    sent = models.OneToOneField(
        Transfer, on_delete=models.PROTECT, null=True, blank=True, related_name="payout"
    )
    state = models.CharField(max_length=9, choices=PayoutState.choices, default=PayoutState.REQUESTED)
    requested_by = models.CharField(max_length=200)
    requested_at = models.DateTimeField()
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    external_reference = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="payout_pays_something", condition=Q(amount_micro_usd__gt=0)),
            models.CheckConstraint(
                name="payout_decision_says_who_and_when",
                condition=Q(state__in=DECIDED, decided_at__isnull=False) & ~Q(decided_by="")
                | Q(state__in=(PayoutState.REQUESTED, PayoutState.CANCELLED), decided_at__isnull=True),
            ),
            models.CheckConstraint(
                name="payout_paid_is_sent_with_a_reference",
                condition=~Q(state=PayoutState.PAID)
                | (Q(sent__isnull=False, paid_at__isnull=False) & ~Q(external_reference="")),
            ),
            models.CheckConstraint(
                name="payout_only_what_was_approved_is_sent",
                condition=Q(sent__isnull=True) | Q(state__in=(PayoutState.PAID, PayoutState.RETURNED)),
            ),
            models.CheckConstraint(
                name="payout_against_the_owner_says_why",
                condition=~Q(state__in=WITH_REASON) | ~Q(reason=""),
            ),
        ]
        indexes = [
            models.Index(fields=["payee", "requested_at"], name="payout_by_payee"),
            models.Index(fields=["state", "requested_at"], name="payout_by_state"),
        ]

    def __str__(self) -> str:
        return f"payout {self.pk} ({self.state})"
