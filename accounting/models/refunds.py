"""What was given back of a receipt: money by reversals, or nats of an answer that never left. Written once.

The reversing transfers are those of `operation`; each names the transfer of the answer that it corrects.
"""

from django.db import models
from django.db.models import Q

from accounting.models.operations import Operation
from accounting.models.receipts import Receipt


class Refund(models.Model):
    id = models.UUIDField(primary_key=True)
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="refunds")
    operation = models.OneToOneField(Operation, on_delete=models.PROTECT, related_name="refund")
    amount_micro_usd = models.BigIntegerField()
    nano_nats = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=300)
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="refund_gives_money_or_nats_back",
                condition=Q(amount_micro_usd__gt=0, nano_nats=0) | Q(amount_micro_usd=0, nano_nats__gt=0),
            ),
            models.CheckConstraint(name="refund_says_why", condition=~Q(reason="") & ~Q(made_by="")),
        ]

    def __str__(self) -> str:
        return f"refund {self.pk} of receipt {self.receipt_id}"
