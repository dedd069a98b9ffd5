"""What was paid, signed: one receipt per ended hold and one line per seat that it paid.

A receipt's total is what left the wallet, and its lines say where it went; both are written once. Every line
of a statement is one of these rows (rule 7). What it says in full is kept once, in the signed text.
"""

from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import F, Q

from accounting.models.accounts import Account
from accounting.models.holds import Hold
from accounting.models.indexes import ByTimeOfArrival
from accounting.signed_text import content_of


class Receipt(models.Model):
    id = models.UUIDField(primary_key=True)
    hold = models.OneToOneField(Hold, on_delete=models.PROTECT, related_name="receipt", db_constraint=False)
    wallet = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="receipts", db_constraint=False, db_index=False
    )
    issued_at = models.DateTimeField()
    jws = models.TextField()
    charges_micro_usd = models.BigIntegerField()  # charges and floor top-ups, before the fee
    fee_micro_usd = models.BigIntegerField()
    total_micro_usd = models.BigIntegerField()
    shared_nano_nats = models.BigIntegerField(null=True, blank=True)  # as its text says, for sums over many

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="receipt_rule_7_total_is_charges_and_fee",
                condition=Q(total_micro_usd=F("charges_micro_usd") + F("fee_micro_usd")),
            ),
            models.CheckConstraint(
                name="receipt_amounts_not_negative",
                condition=Q(charges_micro_usd__gte=0, fee_micro_usd__gte=0),
            ),
        ]
        indexes = [
            models.Index(fields=["wallet", "issued_at"], name="receipt_by_wallet_and_time"),
            ByTimeOfArrival(fields=["issued_at"], name="receipt_by_time"),
        ]

    def __str__(self) -> str:
        return f"receipt {self.pk}"

    @cached_property
    def body(self) -> dict[str, Any]:
        """What the signed text says, whoever signed it; whether we did is `receipts.payload`."""
        return content_of(self.jws)


class ReceiptLine(models.Model):
    receipt = models.ForeignKey(
        Receipt, on_delete=models.PROTECT, related_name="lines", db_constraint=False, db_index=False
    )
    label = models.CharField(max_length=200)
    earnings_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="receipt_lines", db_constraint=False, db_index=False
    )
    nano_nats = models.BigIntegerField()  # charged
    drawn_nano_nats = models.BigIntegerField()  # spent from the budgets
    charge_micro_usd = models.BigIntegerField()
    floor_top_up_micro_usd = models.BigIntegerField()
    issued_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="receipt_line_one_per_label", fields=["receipt", "label"]),
            models.CheckConstraint(
                name="receipt_line_amounts_not_negative",
                condition=Q(nano_nats__gte=0, charge_micro_usd__gte=0, floor_top_up_micro_usd__gte=0),
            ),
            models.CheckConstraint(
                name="receipt_line_pays_only_what_was_drawn", condition=Q(drawn_nano_nats__gte=F("nano_nats"))
            ),
        ]
        indexes = [models.Index(fields=["earnings_account", "issued_at"], name="receipt_line_by_earner")]

    def __str__(self) -> str:
        return f"{self.label} in {self.receipt_id}"

    @property
    def paid_micro_usd(self) -> int:
        return self.charge_micro_usd + self.floor_top_up_micro_usd
