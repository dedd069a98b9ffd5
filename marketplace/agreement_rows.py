"""The rows of agreements: found, made, approved and closed, each with its audit row.

Parts of `agreements`' use cases, inside their transactions. Who may do it, and when, is decided there.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accounting import audit
from accounting.errors import Conflict, NotFound
from marketplace import agreement_mail
from marketplace.models import (
    OPEN_AGREEMENTS,
    Agreement,
    AgreementState,
    NoticeKind,
    Organisation,
    PolicyVersion,
    Side,
    Source,
    User,
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed on."""

    source: Source
    version: PolicyVersion
    consumer: Organisation
    purpose: str
    statement: str


def of_consumer(consumer: Organisation) -> QuerySet[Agreement]:
    """What the organisation asked others for, newest first."""
    return _listed().filter(consumer=consumer)


def of_owner(owner: Organisation) -> QuerySet[Agreement]:
    """Who asked for the organisation's sources, and who rests on them, newest first."""
    return _listed().filter(source__organisation=owner)


def one_of(rows: QuerySet[Agreement], agreement_id: UUID) -> Agreement:
    """One of the rows that the caller may see."""
    found = rows.filter(pk=agreement_id).first()
    if found is None:
        raise NotFound(f"There is no agreement {agreement_id} that you may know of.")
    return found


def open_one(source: Source, consumer: Organisation, purpose: str) -> Agreement | None:
    rows = _listed().filter(source=source, consumer=consumer, purpose=purpose)
    return rows.filter(state__in=OPEN_AGREEMENTS).first()


def locked(agreement: Agreement, *wanted: AgreementState) -> Agreement:
    """The row, held until the transaction ends; Conflict where it is in no wanted state any more."""
    Agreement.objects.select_for_update().get(pk=agreement.pk)
    found = _listed().get(pk=agreement.pk)
    if found.state not in wanted:
        raise Conflict(
            f"This agreement is {AgreementState(found.state).label.lower()}.",
            code="already_decided",
            next_step="Look at the list again.",
        )
    return found


def ask(terms: Terms, *, acting_user: User, now: datetime) -> Agreement:
    """The owner has to decide, and is written to."""
    made = _make(terms, AgreementState.REQUESTED, acting_user, now, automatic=False)
    agreement_mail.tell(made, NoticeKind.REQUESTED, terms.source.organisation, now=now)
    return made


def make(terms: Terms, *, acting_user: User, now: datetime) -> Agreement:
    """In force, and nobody had to approve."""
    return _make(terms, AgreementState.IN_FORCE, acting_user, now, automatic=True)


def make_approved(terms: Terms, *, acting_user: User, now: datetime) -> Agreement:
    """In force by the owner's own word."""
    return _make(terms, AgreementState.IN_FORCE, acting_user, now, automatic=False)


def approve(agreement: Agreement, version: PolicyVersion, *, acting_user: User, now: datetime) -> None:
    before = agreement.state
    agreement.state, agreement.automatic, agreement.policy_version = AgreementState.IN_FORCE, False, version
    agreement.decided_by, agreement.decided_at = acting_user, now
    agreement.save(update_fields=["state", "automatic", "policy_version", "decided_by", "decided_at"])
    _audit(agreement, "approved", acting_user, now, before=before)
    agreement_mail.tell(agreement, NoticeKind.APPROVED, agreement.consumer, now=now)


def refuse(agreement: Agreement, reason: str, *, acting_user: User, now: datetime) -> None:
    agreement.state, agreement.reason = AgreementState.REFUSED, reason
    agreement.decided_by, agreement.decided_at = acting_user, now
    agreement.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    _audit(agreement, "refused", acting_user, now, before=AgreementState.REQUESTED)
    agreement_mail.tell(agreement, NoticeKind.REFUSED, agreement.consumer, now=now)


def close(agreement: Agreement, side: Side, reason: str, *, acting_user: User, now: datetime) -> None:
    before = agreement.state
    agreement.state, agreement.reason, agreement.ended_side = AgreementState.ENDED, reason, side
    agreement.ended_by, agreement.ended_at = acting_user, now
    agreement.save(update_fields=["state", "reason", "ended_side", "ended_by", "ended_at"])
    _audit(agreement, "ended", acting_user, now, before=before)
    if side == Side.OWNER:
        agreement_mail.tell(agreement, NoticeKind.ENDED, agreement.consumer, now=now)


def _listed() -> QuerySet[Agreement]:
    return Agreement.objects.select_related(
        "source__organisation", "source__policy", "source__next_policy", "consumer", "policy_version",
        "confirmed_version", "requested_by", "decided_by",
    ).order_by("-id")  # fmt: skip


def _make(
    terms: Terms, state: AgreementState, acting_user: User, now: datetime, *, automatic: bool
) -> Agreement:
    approved = state == AgreementState.IN_FORCE and not automatic
    made = Agreement.objects.create(
        source=terms.source, consumer=terms.consumer, policy_version=terms.version, purpose=terms.purpose,
        statement=terms.statement, state=state, automatic=automatic, requested_by=acting_user,
        requested_at=now, decided_by=acting_user if approved else None, decided_at=now if approved else None,
    )  # fmt: skip
    what = "requested" if state == AgreementState.REQUESTED else "approved" if approved else "made"
    _audit(made, what, acting_user, now)
    return made


def _audit(
    agreement: Agreement, what: str, acting_user: User, now: datetime, *, before: str | None = None
) -> None:
    """Never the statement: words about people do not belong into a chained log."""
    source = agreement.source
    audit.record(
        acting_user=acting_user.username, action=f"agreement.{what}", subject=f"agreement:{agreement.pk}",
        before=None if before is None else {"state": before},
        after={
            "state": agreement.state, "source": source.slug, "consumer": agreement.consumer.slug,
            "purpose": agreement.purpose, "policy": agreement.policy_version.number,
            "reason": agreement.reason,
        },
        organisation_slug=source.organisation.slug, now=now,
    )  # fmt: skip
