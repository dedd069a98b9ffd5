"""Money from outside: top-ups of wallets, what was claimed back of them, what is owed, what was said.

A top-up's id is the operation id of whoever asked for it. What moved stands in the ledger; here is why.
"""

from django.db import models
from django.db.models import F, Q

from accounting.models.accounts import Account


class TopUpProvider(models.TextChoices):
    MANUAL = "manual", "by an operator"
    STRIPE = "stripe", "by card, through Stripe"


class TopUpState(models.TextChoices):
    REQUESTED = "requested", "asked for; the provider has not answered yet"
    OPEN = "open", "waiting to be paid"
    PAID = "paid", "paid and credited"
    FAILED = "failed", "the payment failed"
    EXPIRED = "expired", "not paid in time"


class ClaimKind(models.TextChoices):
    REFUND = "refund", "given back to the payer"
    DISPUTE = "dispute", "disputed by the payer"


class EventOutcome(models.TextChoices):
    DONE = "done", "it changed a top-up"
    NOTHING = "nothing", "nothing to do"
    WAITING = "waiting", "its top-up is not known yet"
    REFUSED = "refused", "it contradicts our records: an operator must look"


class TopUp(models.Model):
    """Money that comes into a wallet; `label` is the caller's name for whose it is."""

    id = models.UUIDField(primary_key=True)
    wallet = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="top_ups")
    provider = models.CharField(max_length=12, choices=TopUpProvider.choices)
    state = models.CharField(max_length=12, choices=TopUpState.choices)
    amount_micro_usd = models.BigIntegerField()
    repaid_micro_usd = models.BigIntegerField(default=0)  # the part that paid what was owed
    taken_back_micro_usd = models.BigIntegerField(default=0)
    label = models.CharField(max_length=200, blank=True)
    requested_by = models.CharField(max_length=200)
    reference = models.CharField(max_length=255, blank=True)  # the provider's name for the checkout
    payment_reference = models.CharField(max_length=255, blank=True)  # and for the payment
    checkout_url = models.TextField(blank=True)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="top_up_amount_is_positive", condition=Q(amount_micro_usd__gt=0)),
            models.CheckConstraint(
                name="top_up_parts_within_its_amount",
                condition=Q(
                    repaid_micro_usd__gte=0,
                    repaid_micro_usd__lte=F("amount_micro_usd"),
                    taken_back_micro_usd__gte=0,
                    taken_back_micro_usd__lte=F("amount_micro_usd"),
                ),
            ),
            models.CheckConstraint(
                name="top_up_moves_money_only_when_paid",
                condition=Q(state=TopUpState.PAID, paid_at__isnull=False)
                | (
                    ~Q(state=TopUpState.PAID)
                    & Q(paid_at__isnull=True, repaid_micro_usd=0, taken_back_micro_usd=0)
                ),
            ),
            models.CheckConstraint(name="top_up_state_known", condition=Q(state__in=list(TopUpState.values))),
            models.UniqueConstraint(
                name="top_up_one_per_checkout", fields=["provider", "reference"], condition=~Q(reference="")
            ),
            models.UniqueConstraint(
                name="top_up_one_per_payment",
                fields=["provider", "payment_reference"],
                condition=~Q(payment_reference=""),
            ),
        ]
        indexes = [models.Index(fields=["wallet", "-created_at"], name="top_up_by_wallet_and_time")]

    def __str__(self) -> str:
        return f"top-up {self.pk} ({self.state})"


class TopUpClaim(models.Model):
    """What a payer took or wants back of one top-up; `stands` says whether it counts now."""

    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, related_name="claims")
    kind = models.CharField(max_length=8, choices=ClaimKind.choices)
    reference = models.CharField(max_length=255)
    amount_micro_usd = models.BigIntegerField()
    stands = models.BooleanField()
    closed = models.BooleanField(default=False)
    said_at = models.DateTimeField()  # when the provider made the statement that stands here

    class Meta:
        constraints = [
            models.UniqueConstraint(name="claim_once_per_reference", fields=["top_up", "reference"]),
            models.CheckConstraint(name="claim_amount_not_negative", condition=Q(amount_micro_usd__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


class Debt(models.Model):
    """What a wallet's owner owes, because money was taken back that had been spent; later top-ups pay it.

    The account says the same in the ledger: `ledger check` compares them.
    """

    wallet = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="debt")
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="debt_of")
    owed_micro_usd = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(name="debt_never_repaid_twice", condition=Q(owed_micro_usd__gte=0))
        ]

    def __str__(self) -> str:
        return f"owed by wallet {self.wallet_id}"


class PaymentEvent(models.Model):
    """What a provider told us, as it was told, once; also what we had no use for."""

    id = models.CharField(primary_key=True, max_length=255)
    provider = models.CharField(max_length=12, choices=TopUpProvider.choices)
    type = models.CharField(max_length=100)
    body = models.JSONField()
    notice = models.JSONField()  # the same in our words, as far as we have any
    payment_reference = models.CharField(max_length=255, blank=True, db_index=True)
    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, null=True, blank=True, related_name="events")
    outcome = models.CharField(max_length=8, choices=EventOutcome.choices, blank=True)
    note = models.CharField(max_length=300, blank=True)
    received_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.type} {self.pk}"
