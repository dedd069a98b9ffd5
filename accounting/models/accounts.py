"""Where value is kept: one row per account, of one asset, of one kind.

Wallets, intelligence budgets and spend caps keep running totals in the row, because each of them can refuse.
All other accounts keep no totals: their balance is the sum of their transfers, so that no answer has to wait
for another one at the owner's or the platform's row. The totals are moved by the database itself when a
transfer is written (accounting/database_rules); nothing else may touch them.
"""

from django.db import models
from django.db.models import F, Q


class Asset(models.TextChoices):
    MICRO_USD = "micro_usd", "micro-USD"
    NANO_NAT = "nano_nat", "nano-nats"


class AccountKind(models.TextChoices):
    WALLET = "wallet", "wallet of a consumer"
    EARNINGS = "earnings", "earnings of an owner"
    PLATFORM_FEE = "platform_fee", "the platform's fee"
    PAYOUTS = "payouts", "earnings that are approved and not yet sent"
    FUNDING = "funding", "where money comes from"
    OWED = "owed", "what a consumer owes after money was taken back"
    PROMOTION = "promotion", "free credits of the platform"
    CLEARING = "clearing", "money between hold and split; zero outside a transaction"
    BUDGET = "budget", "intelligence budget"
    INFLUENCE_GRANT = "influence_grant", "where budgets come from"
    INFLUENCE_SPENT = "influence_spent", "influence that was given"
    SPEND_CAP = "spend_cap", "spend cap of an API key"
    SPEND_CAP_GRANT = "spend_cap_grant", "where spend caps come from"
    SPEND_CAP_USED = "spend_cap_used", "spend caps that were used"


ASSET_OF_KIND: dict[str, Asset] = {
    AccountKind.WALLET: Asset.MICRO_USD,
    AccountKind.EARNINGS: Asset.MICRO_USD,
    AccountKind.PLATFORM_FEE: Asset.MICRO_USD,
    AccountKind.PAYOUTS: Asset.MICRO_USD,
    AccountKind.FUNDING: Asset.MICRO_USD,
    AccountKind.OWED: Asset.MICRO_USD,
    AccountKind.PROMOTION: Asset.MICRO_USD,
    AccountKind.CLEARING: Asset.MICRO_USD,
    AccountKind.SPEND_CAP: Asset.MICRO_USD,
    AccountKind.SPEND_CAP_GRANT: Asset.MICRO_USD,
    AccountKind.SPEND_CAP_USED: Asset.MICRO_USD,
    AccountKind.BUDGET: Asset.NANO_NAT,
    AccountKind.INFLUENCE_GRANT: Asset.NANO_NAT,
    AccountKind.INFLUENCE_SPENT: Asset.NANO_NAT,
}
RUNNING_KINDS = (AccountKind.WALLET, AccountKind.BUDGET, AccountKind.SPEND_CAP)
SYSTEM_KINDS = (
    AccountKind.PLATFORM_FEE,
    AccountKind.PAYOUTS,
    AccountKind.FUNDING,
    AccountKind.PROMOTION,
    AccountKind.CLEARING,
    AccountKind.INFLUENCE_GRANT,
    AccountKind.INFLUENCE_SPENT,
    AccountKind.SPEND_CAP_GRANT,
    AccountKind.SPEND_CAP_USED,
)


class Account(models.Model):
    """One account. `stated_limit` is what its owner stated; it may lie below what is spent."""

    asset = models.CharField(max_length=12, choices=Asset.choices)
    kind = models.CharField(max_length=20, choices=AccountKind.choices)
    label = models.CharField(max_length=200)
    limited = models.BooleanField(default=False)
    stated_limit = models.BigIntegerField(null=True, blank=True)
    debits_pending = models.BigIntegerField(default=0)
    debits_posted = models.BigIntegerField(default=0)
    credits_posted = models.BigIntegerField(default=0)
    withdrawn = models.BigIntegerField(default=0)  # the part of debits_posted that lowered a limit
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="account_rule_2_never_below_zero",
                condition=Q(limited=False) | Q(credits_posted__gte=F("debits_posted") + F("debits_pending")),
            ),
            models.CheckConstraint(
                name="account_totals_not_negative",
                condition=Q(
                    debits_pending__gte=0,
                    debits_posted__gte=F("withdrawn"),
                    credits_posted__gte=0,
                    withdrawn__gte=0,
                ),
            ),
            models.CheckConstraint(
                name="account_only_what_can_refuse_keeps_totals",
                condition=Q(kind__in=RUNNING_KINDS)
                | Q(limited=False, debits_pending=0, debits_posted=0, credits_posted=0, withdrawn=0),
            ),
            models.CheckConstraint(
                name="account_wallets_and_caps_always_refuse",
                condition=~Q(kind__in=(AccountKind.WALLET, AccountKind.SPEND_CAP)) | Q(limited=True),
            ),
            models.CheckConstraint(
                name="account_limit_is_stated_where_it_binds",
                condition=Q(stated_limit__isnull=True) | Q(stated_limit__gte=0, limited=True),
            ),
            models.CheckConstraint(
                name="account_kind_has_its_asset",
                condition=Q(
                    asset=Asset.NANO_NAT, kind__in=[k for k, a in ASSET_OF_KIND.items() if a == "nano_nat"]
                )
                | Q(
                    asset=Asset.MICRO_USD, kind__in=[k for k, a in ASSET_OF_KIND.items() if a == "micro_usd"]
                ),
            ),
            models.UniqueConstraint(
                name="account_one_of_each_system_kind", fields=["kind"], condition=Q(kind__in=SYSTEM_KINDS)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.kind} {self.pk})"

    @property
    def keeps_totals(self) -> bool:
        return self.kind in RUNNING_KINDS
