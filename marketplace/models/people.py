"""Who acts: people who sign in, the organisations they act for, and in which role.

Must not know money: an organisation only points to its wallet's account.
"""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

from marketplace.models.checks import one_of
from marketplace.models.suspension import Suspendable, suspended_with_reason


class User(AbstractUser):
    """A person. What a person may do follows from memberships, never from the person alone."""

    sign_in_round = models.PositiveIntegerField(
        default=0, help_text="one more ends every session that was begun before"
    )

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """A session ends when the password or the round changes; in round 0 it is Django's own."""
        whole: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        return f"{whole}.{self.sign_in_round}" if self.sign_in_round else whole


class Organisation(Suspendable):
    """One party of the market: it owns sources, asks questions, or both."""

    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    wallet_account_id = models.BigIntegerField(unique=True, help_text="account of accounting, in micro-USD")
    is_platform = models.BooleanField(default=False, help_text="the organisation that runs this market")
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1 alpha-2, as its owner says")
    country_confirmed_at = models.DateTimeField(
        null=True, blank=True, help_text="when an operator confirmed it; until then policies do not know it"
    )
    created_at = models.DateTimeField()
    members = models.ManyToManyField(User, through="Membership", related_name="organisations")

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_platform"], condition=Q(is_platform=True), name="organisation_one_platform"
            ),
            models.CheckConstraint(
                condition=Q(country_confirmed_at__isnull=True) | ~Q(country=""),
                name="organisation_confirmed_country_is_one",
            ),
            suspended_with_reason(name="organisation_suspended_with_reason"),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", "Owner: everything, members included"
    EDITOR = "editor", "Editor: sources, policies, training"
    FINANCE = "finance", "Finance: wallet, earnings, receipts"
    VIEWER = "viewer", "Viewer: reads"


class Membership(models.Model):
    """A person's role in an organisation."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["organisation_id", "user_id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation"], name="membership_once"),
            one_of("role", Role, name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organisation} ({self.role})"
