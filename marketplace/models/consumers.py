"""What is known of a consumer beyond its name: groups kept by operators, and domains that it proved.

Policies speak of both. A group is never deleted, since a policy that denies it would then deny nobody.
"""

from django.db import models
from django.db.models import Q

from marketplace.models.checks import one_of
from marketplace.models.people import Organisation


class ConsumerGroup(models.Model):
    """Organisations that policies name together, as `group:<slug>`."""

    slug = models.SlugField(max_length=64, unique=True)
    title = models.CharField(max_length=200)
    organisations = models.ManyToManyField(Organisation, related_name="consumer_groups", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title


class DomainClaim(models.Model):
    """A domain that an organisation says is its own: the challenge to publish. It counts for nothing yet."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="domain_claims")
    domain = models.CharField(max_length=253)
    token = models.CharField(max_length=64, help_text="published by the claimant, so no secret")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "domain"], name="domain_claim_once"),
            models.CheckConstraint(condition=~Q(domain=""), name="domain_claim_names_one"),
        ]

    def __str__(self) -> str:
        return f"{self.domain} claimed by {self.organisation_id}"


class Proof(models.TextChoices):
    """How a domain was proved."""

    DNS = "dns", "A record in its DNS"
    OPERATOR = "operator", "An operator confirmed it"


class VerifiedDomain(models.Model):
    """A domain that is an organisation's own; one organisation's at a time."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="verified_domains")
    domain = models.CharField(max_length=253, unique=True)
    how = models.CharField(max_length=16, choices=Proof.choices)
    verified_at = models.DateTimeField()

    class Meta:
        ordering = ["domain"]
        constraints = [
            models.CheckConstraint(condition=~Q(domain=""), name="verified_domain_names_one"),
            one_of("how", Proof, name="verified_domain_how_known"),
        ]

    def __str__(self) -> str:
        return self.domain
