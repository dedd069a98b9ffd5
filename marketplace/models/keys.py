"""API keys: what a program shows instead of a password.

Only the SHA-256 of the 256-bit random secret is kept (a slow hasher would protect nothing here and cost
260 ms a call), and a prefix by which people recognise a key. The plain text exists once, when it is issued or
rotated; after a rotation the secret before it works on up to a stated moment.
"""

from django.db import models
from django.db.models import F, Q

from marketplace.models.checks import not_negative
from marketplace.models.people import Organisation, User
from marketplace.models.suspension import Suspendable, suspended_with_reason


class ApiKey(Suspendable):
    """One key of an organisation, with what it may do, for what purpose, and up to which spend."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    source_slugs = models.JSONField(default=list, blank=True, help_text="the only ones it is for; empty: all")
    purposes = models.JSONField(default=list, blank=True, help_text="the only ones it has; empty: all")
    default_purpose = models.CharField(max_length=64, blank=True)
    spend_cap_micro_usd = models.BigIntegerField(null=True, blank=True)
    spend_cap_account_id = models.BigIntegerField(null=True, blank=True, unique=True)
    daily_cap_micro_usd = models.BigIntegerField(null=True, blank=True)  # a UTC day
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="issued_keys")
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    secret_number = models.PositiveIntegerField(default=1, help_text="1, and one more for each rotation")
    rotated_at = models.DateTimeField(null=True, blank=True)
    previous_digest = models.CharField(max_length=64, blank=True, help_text="of the secret before, if any")
    previous_until = models.DateTimeField(null=True, blank=True, help_text="up to when that one still works")
    previous_used_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=300, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(spend_cap_micro_usd__isnull=True)
                | Q(spend_cap_micro_usd__gte=0, spend_cap_account_id__isnull=False),
                name="api_key_cap_has_account",
            ),
            models.CheckConstraint(
                condition=Q(daily_cap_micro_usd__isnull=True) | Q(daily_cap_micro_usd__gte=0),
                name="api_key_daily_cap_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")),
                name="api_key_expires_after_creation",
            ),
            suspended_with_reason(name="api_key_suspended_with_reason"),
            models.CheckConstraint(
                condition=Q(previous_digest="", previous_until__isnull=True)
                | (~Q(previous_digest="") & Q(previous_until__isnull=False)),
                name="api_key_previous_secret_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class DaySpendCap(models.Model):
    """What one key may spend on one UTC day: an account, opened when an answer first needs it."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="day_spend_caps")
    day = models.DateField()
    account_id = models.BigIntegerField(unique=True)
    limit_micro_usd = models.BigIntegerField()

    class Meta:
        ordering = ["-day", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["key", "day"], name="day_spend_cap_once"),
            not_negative("limit_micro_usd", name="day_spend_cap_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.key} on {self.day}"
