"""What votes: a source, its immutable versions, and the documents of each version.

A version and its documents are never changed: an upload makes the next version. The texts themselves lie in
the object store under their SHA-256; rows carry digests only.
"""

from django.db import models
from django.db.models import Q

from marketplace.models.checks import not_negative, one_of
from marketplace.models.people import Organisation


class SourceState(models.TextChoices):
    DRAFT = "draft", "Draft: seen by its owner only"
    IN_REVIEW = "in_review", "In review: votes when it is approved"
    LIVE = "live", "Live: may vote"
    SUSPENDED = "suspended", "Suspended: does not vote for now"
    WITHDRAWN = "withdrawn", "Withdrawn: never votes again"


class Visibility(models.TextChoices):
    PUBLIC = "public", "Public: everybody finds it and reads what it offers"
    LISTED_ON_REQUEST = (
        "listed_on_request",
        "Listed on request: everybody finds its card; the rest by agreement",
    )
    PRIVATE = "private", "Private: it does not exist for outsiders"


class Source(models.Model):
    """One owner's data, under one policy, with accounts of its own."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="sources")
    slug = models.SlugField(max_length=64, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    license = models.CharField(max_length=100, blank=True)
    topics = models.JSONField(default=list, blank=True, help_text="of marketplace.catalogue.topics")
    state = models.CharField(max_length=16, choices=SourceState.choices, default=SourceState.DRAFT)
    visibility = models.CharField(
        max_length=20, choices=Visibility.choices, default=Visibility.PUBLIC, help_text="who may know of it"
    )
    suspended_by_operator = models.BooleanField(default=False, help_text="its owner cannot resume it")
    state_reason = models.CharField(max_length=300, blank=True, help_text="why it was suspended or withdrawn")
    policy = models.ForeignKey(
        "marketplace.PolicyVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="the policy in force",
    )  # fmt: skip
    next_policy = models.ForeignKey(
        "marketplace.PolicyVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="published, and in force from next_policy_at on",
    )  # fmt: skip
    next_policy_at = models.DateTimeField(null=True, blank=True)
    paused_budgets = models.JSONField(
        default=dict, blank=True, help_text="by the name of the budget: who paused it, when and why"
    )
    budget_account_id = models.BigIntegerField(unique=True, help_text="lifetime influence, in nano-nats")
    privacy_account_id = models.BigIntegerField(
        unique=True, help_text="lifetime privacy charge, in nano-nats"
    )
    earnings_account_id = models.BigIntegerField(unique=True, help_text="income, in micro-USD")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["slug"]
        constraints = [
            one_of("state", SourceState, name="source_state_known"),
            one_of("visibility", Visibility, name="source_visibility_known"),
            models.CheckConstraint(
                condition=Q(next_policy__isnull=True, next_policy_at__isnull=True)
                | Q(next_policy__isnull=False, next_policy_at__isnull=False),
                name="source_next_policy_has_its_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "slug"], name="source_by_state"),
            models.Index(
                fields=["next_policy_at"],
                name="source_policy_to_come",
                condition=Q(next_policy_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class SourceVersion(models.Model):
    """The documents of a source at one moment; `digest` is that of their sorted digests."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["source_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["source", "number"], name="source_version_number_once"),
            models.UniqueConstraint(fields=["source", "digest"], name="source_version_content_once"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} version {self.number}"


class Document(models.Model):
    """One text of a version."""

    version = models.ForeignKey(SourceVersion, on_delete=models.PROTECT, related_name="documents")
    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    size = models.BigIntegerField(help_text="bytes")
    media_type = models.CharField(max_length=50)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["version_id", "name"]
        constraints = [
            models.UniqueConstraint(fields=["version", "digest"], name="document_content_once"),
            models.UniqueConstraint(fields=["version", "name"], name="document_name_once"),
            not_negative("size", name="document_size_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name
