"""What the texts of a source version say about their own use, and what the owner said to each term.

A reading is made once per version; its findings are never changed except for the owner's decision.
"""

from django.db import models
from django.db.models import Q

from marketplace.models.checks import one_of
from marketplace.models.people import User
from marketplace.models.sources import SourceVersion


class RightsVocabulary(models.TextChoices):
    AIPREF = "aipref", "AIPREF Content-Usage"
    RSL = "rsl", "RSL"


class RightsVerdict(models.TextChoices):
    FORBIDS = "forbids", "Forbids"
    PERMITS = "permits", "Permits"
    CONDITION = "condition", "Asks for"
    UNKNOWN = "unknown", "Not known"
    UNREADABLE = "unreadable", "Not readable"


class RightsDecision(models.TextChoices):
    OPEN = "open", "Waits for its owner"
    APPLIES = "applies", "Applies to this source"
    DOES_NOT_APPLY = "does_not_apply", "Does not apply to this source"


class RightsReading(models.Model):
    """That every document of a version was read for terms."""

    version = models.OneToOneField(SourceVersion, on_delete=models.PROTECT, related_name="rights")
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"rights of {self.version_id}"


class RightsFinding(models.Model):
    """One term, wherever in the version it stands."""

    reading = models.ForeignKey(RightsReading, on_delete=models.PROTECT, related_name="findings")
    key = models.CharField(max_length=64, help_text="SHA-256 of vocabulary and statement")
    vocabulary = models.CharField(max_length=16, choices=RightsVocabulary.choices)
    statement = models.TextField()
    verdict = models.CharField(max_length=16, choices=RightsVerdict.choices)
    sentence = models.TextField()
    draft = models.JSONField(default=dict, blank=True, help_text="a fragment of the plain form of a policy")
    forbids_training = models.BooleanField(default=False)
    places = models.JSONField(help_text="one place per document: its name, its digest, the line")
    decision = models.CharField(
        max_length=16, choices=RightsDecision.choices, default=RightsDecision.OPEN, db_default="open"
    )
    note = models.CharField(max_length=300, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["reading_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["reading", "key"], name="rights_finding_once"),
            one_of("vocabulary", RightsVocabulary, name="rights_vocabulary_known"),
            one_of("verdict", RightsVerdict, name="rights_verdict_known"),
            one_of("decision", RightsDecision, name="rights_decision_known"),
            models.CheckConstraint(
                condition=Q(decision="open", decided_by__isnull=True, decided_at__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decision="open"),
                name="rights_decision_has_its_person",
            ),
        ]

    def __str__(self) -> str:
        return self.statement
