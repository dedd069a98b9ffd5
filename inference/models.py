"""The rows of an answer: what was asked, in which state it is, and its sealed transcript.

What was asked and what was answered stand here encrypted only; no row of this module shows a prompt to anyone
who can read the database.
"""

import uuid

from django.db import models
from django.db.models import Q


class AnswerKind(models.TextChoices):
    CHAT = "chat"
    COMPLETION = "completion"
    CLASSIFICATION = "classification"
    PLAN = "plan"
    VERIFICATION = "verification"
    TOPIC = "topic"
    MEASUREMENT = "measurement"


class AnswerState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (AnswerState.DONE, AnswerState.FAILED, AnswerState.CANCELLED)


class Answer(models.Model):
    """One piece of work for the engine. Its id is also its hold's: it can never be paid twice."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        "marketplace.Organisation", on_delete=models.PROTECT, related_name="answers"
    )
    api_key = models.ForeignKey(
        "marketplace.ApiKey", on_delete=models.PROTECT, null=True, related_name="answers"
    )
    kind = models.CharField(max_length=16, choices=AnswerKind.choices)
    state = models.CharField(max_length=16, choices=AnswerState.choices, default=AnswerState.QUEUED)
    purpose = models.CharField(max_length=64, blank=True)
    sealed_request = models.BinaryField()
    sealed_response = models.BinaryField(null=True)
    idempotency_key = models.CharField(max_length=255, null=True)
    request_digest = models.CharField(max_length=64)
    receipt_id = models.UUIDField(null=True, db_index=True)
    error = models.JSONField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # A request for several choices: a row for the request, and one for each choice with its own hold.
    part_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="choices")
    choice = models.PositiveSmallIntegerField(null=True)
    # Renewed while the engine works: past it the engine is taken to be dead.
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="answer_once_per_idempotency_key",
            ),
            models.CheckConstraint(condition=Q(kind__in=AnswerKind.values), name="answer_kind_is_known"),
            models.CheckConstraint(condition=Q(state__in=AnswerState.values), name="answer_state_is_known"),
            models.CheckConstraint(
                condition=Q(state__in=ENDED, finished_at__isnull=False)
                | (~Q(state__in=ENDED) & Q(finished_at__isnull=True)),
                name="answer_is_finished_exactly_when_it_ended",
            ),
            models.CheckConstraint(
                condition=Q(part_of__isnull=True, choice__isnull=True)
                | Q(part_of__isnull=False, choice__isnull=False, idempotency_key__isnull=True),
                name="answer_is_a_choice_of_a_request_or_whole",
            ),
            models.UniqueConstraint(fields=["part_of", "choice"], name="answer_once_per_choice"),
            models.CheckConstraint(
                condition=~Q(state=AnswerState.RUNNING) | Q(lease_until__isnull=False),
                name="answer_runs_under_a_lease",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "lease_until"], name="answer_by_state_and_lease"),
            models.Index(fields=["organisation", "-created_at"], name="answer_by_organisation"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class SealedTranscript(models.Model):
    """Everything a replay needs, encrypted for the consumer; deleted when it expires."""

    answer = models.OneToOneField(
        Answer, on_delete=models.CASCADE, primary_key=True, related_name="transcript"
    )
    ciphertext = models.BinaryField()
    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"transcript of {self.answer_id}"
