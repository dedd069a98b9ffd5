"""What an answer may still use: the money and the nats reserved before its first token.

A hold is open until it is settled, voided or expired, exactly once. Its lines are its seats. While it is open
its money is pending on the wallet and on every spend cap, and each line's nats on every budget account of the
seat: these rows are that record, the accounts' totals are moved with them (accounting/database_rules). The
watermark (what was drawn, what was delivered) only grows and is what a lost hold is settled by. References to
accounts are not constraints of the database: they would lock rows that every answer wants; ledger check finds
one that leads nowhere.
"""

from django.db import models
from django.db.models import F, Q

from accounting.models.accounts import Account


class HoldState(models.TextChoices):
    OPEN = "open", "open"
    SETTLED = "settled", "settled"
    VOIDED = "voided", "given back"
    EXPIRED = "expired", "ended by itself"


class ChargedBy(models.TextChoices):
    MEASURED = "measured", "what was measured"
    BLOCKS = "blocks", "whole blocks when the hold is lost"


class Hold(models.Model):
    id = models.UUIDField(primary_key=True)
    digest = models.CharField(max_length=64)  # of what was asked: the same id with other content is refused
    refused = models.JSONField(default=list, blank=True)  # labels of the seats that a budget left out
    wallet = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="holds", db_constraint=False, db_index=False
    )
    spend_cap_account_ids = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=8, choices=HoldState.choices, default=HoldState.OPEN)
    settlement_digest = models.CharField(max_length=64, blank=True)  # of what it was settled with
    reason = models.CharField(max_length=200, blank=True)
    held_micro_usd = models.BigIntegerField()
    fee_basis_points = models.IntegerField()
    tokens_drawn = models.BigIntegerField(default=0)
    tokens_delivered = models.BigIntegerField(default=0)
    detail = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="hold_fee_is_a_share", condition=Q(fee_basis_points__gte=0, fee_basis_points__lte=10_000)
            ),
            models.CheckConstraint(name="hold_money_not_negative", condition=Q(held_micro_usd__gte=0)),
            models.CheckConstraint(
                name="hold_delivers_only_what_was_drawn",
                condition=Q(tokens_delivered__gte=0, tokens_drawn__gte=F("tokens_delivered")),
            ),
            models.CheckConstraint(
                name="hold_has_an_end_when_it_ended",
                condition=Q(state=HoldState.OPEN, ended_at__isnull=True)
                | (~Q(state=HoldState.OPEN) & Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="hold_open_by_expiry", condition=Q(state=HoldState.OPEN))
        ]

    def __str__(self) -> str:
        return f"hold {self.pk} ({self.state})"


class HoldLine(models.Model):
    """One seat of an answer and the terms it sits on."""

    hold = models.ForeignKey(
        Hold, on_delete=models.PROTECT, related_name="lines", db_constraint=False, db_index=False
    )
    label = models.CharField(max_length=200)
    earnings_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="hold_lines", db_constraint=False, db_index=False
    )
    budget_account_ids = models.JSONField()
    cap_nano_nats = models.BigIntegerField()
    price_micro_usd_per_nat = models.BigIntegerField()
    floor_micro_usd = models.BigIntegerField()
    ceiling_micro_usd = models.BigIntegerField(null=True, blank=True)  # None: as much as the nats cost
    charged_by = models.CharField(max_length=8, choices=ChargedBy.choices)
    held_nano_nats = models.BigIntegerField()
    drawn_nano_nats = models.BigIntegerField(default=0)
    delivered_nano_nats = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="hold_line_one_per_label", fields=["hold", "label"]),
            models.CheckConstraint(
                name="hold_line_within_its_cap",
                condition=Q(held_nano_nats__gt=0, cap_nano_nats__gte=F("held_nano_nats")),
            ),
            models.CheckConstraint(
                name="hold_line_rule_5_drawn_only_what_was_held",
                condition=Q(
                    delivered_nano_nats__gte=0,
                    drawn_nano_nats__gte=F("delivered_nano_nats"),
                    held_nano_nats__gte=F("drawn_nano_nats"),
                ),
            ),
            models.CheckConstraint(
                name="hold_line_price_not_negative",
                condition=Q(price_micro_usd_per_nat__gte=0, floor_micro_usd__gte=0)
                & (Q(ceiling_micro_usd__isnull=True) | Q(ceiling_micro_usd__gte=F("floor_micro_usd"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} in {self.hold_id}"
