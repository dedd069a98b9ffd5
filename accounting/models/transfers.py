"""What happened: rows that are written once and never changed.

A transfer is posted at once, or it is pending and is resolved by exactly one later row that points to it:
post_pending (all of it or a part, the rest goes back), void, or expire. The amount that was pending is copied
into the resolving row, so that "never more than was held" is a plain CHECK. An answer keeps its pending part
in its hold; its transfers are posted ones that name the hold. References are not constraints of the database,
because each would lock a row that every answer wants: triggers or the settling function vouch for them, and
ledger check finds one that leads nowhere. Nothing is ever taken back by a change: a
correction is a posted row the other way round that says which transfer it `reverses`.
"""

from django.db import models
from django.db.models import F, Q

from accounting.identifiers import ordered_id
from accounting.models.accounts import Account, Asset
from accounting.models.indexes import ByTimeOfArrival
from accounting.models.operations import Operation


class Phase(models.TextChoices):
    POSTED = "posted", "posted"
    PENDING = "pending", "held"
    POST_PENDING = "post_pending", "posted from a hold"
    VOID = "void", "given back"
    EXPIRE = "expire", "given back by expiry"


MOVING_PHASES = (Phase.POSTED, Phase.POST_PENDING)
RETURNING_PHASES = (Phase.VOID, Phase.EXPIRE)
OPENING_PHASES = (Phase.POSTED, Phase.PENDING)


class Transfer(models.Model):
    id = models.UUIDField(primary_key=True, default=ordered_id)
    operation = models.ForeignKey(  # an answer's own transfers carry the id of its hold
        Operation, on_delete=models.PROTECT, related_name="transfers", db_constraint=False, db_index=False
    )
    phase = models.CharField(max_length=12, choices=Phase.choices)
    asset = models.CharField(max_length=12, choices=Asset.choices)
    debit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="debits", db_constraint=False, db_index=False
    )
    credit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="credits", db_constraint=False, db_index=False
    )
    amount = models.BigIntegerField()
    pending = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="resolution",
        db_constraint=False,
        db_index=False,
    )
    pending_amount = models.BigIntegerField(null=True, blank=True)
    hold = models.ForeignKey(
        "accounting.Hold",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="transfers",
        db_constraint=False,
        db_index=False,
    )
    line = models.ForeignKey(
        "accounting.HoldLine",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="transfers",
        db_constraint=False,
        db_index=False,
    )
    reverses = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversals",
        db_constraint=False,
        db_index=False,
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    label = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="transfer_corrections_are_posted_at_once",
                condition=Q(reverses__isnull=True) | Q(phase=Phase.POSTED),
            ),
            models.CheckConstraint(
                name="transfer_only_what_is_held_expires",
                condition=Q(expires_at__isnull=True) | Q(phase=Phase.PENDING, expires_at__gt=F("created_at")),
            ),
            models.CheckConstraint(name="transfer_amount_is_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="transfer_has_two_sides", condition=~Q(debit_account=F("credit_account"))
            ),
            models.CheckConstraint(
                name="transfer_rule_3_never_above_the_hold",
                condition=Q(phase__in=OPENING_PHASES, pending__isnull=True, pending_amount__isnull=True)
                | Q(phase=Phase.POST_PENDING, pending__isnull=False, pending_amount__gte=F("amount"))
                | Q(phase__in=RETURNING_PHASES, pending__isnull=False, pending_amount=F("amount")),
            ),
            models.UniqueConstraint(
                name="transfer_rule_3_resolved_once", fields=["pending"], condition=Q(pending__isnull=False)
            ),
        ]
        indexes = [  # few: an answer writes about ten rows, and each index costs it ten entries
            # Statements of money: all that is no answer, which is little; answers are in them as receipts.
            models.Index(
                fields=["credit_account", "created_at"],
                name="transfer_other_credits",
                condition=Q(hold__isnull=True),
            ),
            ByTimeOfArrival(fields=["created_at"], name="transfer_by_time"),
            models.Index(
                fields=["debit_account", "created_at"],
                name="transfer_by_debit",
                condition=Q(asset=Asset.NANO_NAT) | Q(hold__isnull=True),
            ),
            models.Index(
                fields=["credit_account", "created_at"],
                name="transfer_by_credit",
                condition=Q(asset=Asset.MICRO_USD) | Q(hold__isnull=True),
            ),
            models.Index(fields=["hold"], name="transfer_by_hold", condition=Q(hold__isnull=False)),
            models.Index(fields=["operation"], name="transfer_by_operation", condition=Q(hold__isnull=True)),
            models.Index(
                fields=["reverses"], name="transfer_by_what_it_reverses", condition=Q(reverses__isnull=False)
            ),
            models.Index(
                fields=["expires_at"], name="transfer_by_expiry", condition=Q(expires_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phase} {self.amount} {self.asset}"
