"""On what a consumer's use of a source rests: one agreement for a stated purpose, bound to a policy version.

Automatic where the policy asks for no approval, else approved by the owner. What was agreed never changes and
states only move forward (`agreement_rules`); the version follows the policy (`agreed_terms`).
"""

from django.db import models
from django.db.models import Q

from accounting.identifiers import ordered_id
from marketplace.models.checks import one_of
from marketplace.models.people import Organisation, User
from marketplace.models.policies import PolicyVersion
from marketplace.models.sources import Source
from marketplace.policy.diff import diff


class AgreementState(models.TextChoices):
    REQUESTED = "requested", "Requested: waits for the owner"
    IN_FORCE = "in_force", "In force"
    REFUSED = "refused", "Refused by the owner"
    ENDED = "ended", "Ended"


class Side(models.TextChoices):
    CONSUMER = "consumer", "The consumer"
    OWNER = "owner", "The owner"
    POLICY = "policy", "A new policy"


OPEN_AGREEMENTS = (AgreementState.REQUESTED, AgreementState.IN_FORCE)


class Agreement(models.Model):
    """`policy_version` are the terms it is bound to; `confirmed_version` announced ones, accepted before."""

    id = models.UUIDField(primary_key=True, default=ordered_id, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="agreements")
    consumer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="agreements")
    policy_version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="agreements")
    confirmed_version = models.ForeignKey(
        PolicyVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    purpose = models.CharField(max_length=64)
    statement = models.CharField(max_length=1000, blank=True, help_text="what it is for, in their words")
    state = models.CharField(max_length=16, choices=AgreementState.choices)
    automatic = models.BooleanField(help_text="nobody approved it, because the policy asked for no approval")
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="None: it was made by the first answer",
    )  # fmt: skip
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    ended_side = models.CharField(max_length=8, choices=Side.choices, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="of the refusal or the end")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "consumer", "purpose"],
                condition=Q(state__in=OPEN_AGREEMENTS),
                name="agreement_one_open_a_purpose",
            ),
            one_of("state", AgreementState, name="agreement_state_known"),
            models.CheckConstraint(
                condition=Q(automatic=False)
                | Q(decided_at__isnull=True, state__in=[AgreementState.IN_FORCE, AgreementState.ENDED]),
                name="agreement_automatic_is_not_decided",
            ),
            models.CheckConstraint(
                condition=Q(state=AgreementState.REQUESTED, decided_at__isnull=True)
                | Q(state=AgreementState.IN_FORCE, automatic=True)
                | Q(state__in=[AgreementState.IN_FORCE, AgreementState.REFUSED], decided_at__isnull=False)
                | Q(state=AgreementState.ENDED),
                name="agreement_approved_or_refused_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state=AgreementState.REFUSED) | ~Q(reason=""),
                name="agreement_refusal_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state=AgreementState.ENDED, ended_at__isnull=False, ended_side__in=Side.values)
                | (~Q(state=AgreementState.ENDED) & Q(ended_at__isnull=True, ended_side="")),
                name="agreement_ended_by_a_side",
            ),
        ]
        indexes = [
            models.Index(fields=["consumer", "state", "source"], name="agreement_of_a_consumer"),
            models.Index(fields=["source", "state", "-id"], name="agreement_of_a_source"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.consumer_id} on source {self.source_id}"

    @property
    def to_confirm(self) -> PolicyVersion | None:
        """The terms, in force or announced, that the consumer has to confirm to go on.

        Lists load `source` with its policies.
        """
        if self.waits_for_confirmation:
            return self.source.policy
        announced = self.source.next_policy
        approved = self.state == AgreementState.IN_FORCE and not self.automatic
        if announced is None or not approved or self.confirmed_version_id == announced.pk:
            return None
        return announced if diff(self.policy_version.plain, announced.plain).asks_more else None

    @property
    def waits_for_confirmation(self) -> bool:
        """Approved under earlier terms; the policy asks for more now. Lists load `source` with their rows."""
        return (
            self.state == AgreementState.IN_FORCE
            and not self.automatic
            and self.source.policy_id not in {None, self.policy_version_id}
        )


class NoticeKind(models.TextChoices):
    REQUESTED = "requested", "Somebody asks for access"
    APPROVED = "approved", "The owner approved"
    REFUSED = "refused", "The owner refused"
    ENDED = "ended", "The agreement ended"
    TERMS = "terms", "New terms wait to be confirmed"


class AgreementNotice(models.Model):
    """What one side of an agreement is written to about; kept so that nothing is told twice."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    recipient = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [one_of("kind", NoticeKind, name="agreement_notice_kind_known")]
        indexes = [
            models.Index(fields=["id"], name="agreement_notice_to_mail", condition=Q(mailed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient_id}"
