"""How agreements follow the policy: what takes effect binds who rests on it, or asks them first.

Automatic agreements go along, and end where the new policy asks for approval. Approved ones go along unless
approval is needed and the new terms ask more of the consumer: those stay bound to the old terms, and count
again once the consumer has confirmed the new ones (in advance, if they were announced).
"""

from datetime import datetime

from django.db.models import Q, QuerySet

from accounting import audit
from marketplace import agreement_mail
from marketplace.models import (
    Agreement,
    AgreementNotice,
    AgreementState,
    NoticeKind,
    PolicyVersion,
    Side,
    Source,
    Visibility,
)
from marketplace.parsed_policies import parsed
from marketplace.policy.diff import diff
from marketplace.policy.kinds.approvals import Approvals

ASKS_FOR_APPROVAL = "The policy asks for the owner's approval now."


def needs_approval(source: Source, version: PolicyVersion) -> bool:
    """Whether a consumer may rest on the source only with its owner's word."""
    return source.visibility != Visibility.PUBLIC or parsed(version).clause(Approvals).required


def announce(*, source: Source, version: PolicyVersion, now: datetime) -> None:
    """Whoever will have to confirm an announced version is told at once, and can do so before its moment."""
    agreement_mail.tell_of_terms(_to_confirm(source, version), now=now)


def follow(*, source: Source, version: PolicyVersion, now: datetime) -> None:
    """Part of taking effect, for the (locked) source that has the new version."""
    waiting = [one.pk for one in _to_confirm(source, version)]
    in_force = Agreement.objects.filter(source=source, state=AgreementState.IN_FORCE)
    ended = _end_automatic(in_force, version, now)
    bound = in_force.exclude(pk__in=waiting).exclude(policy_version=version).update(policy_version=version)
    told = AgreementNotice.objects.filter(
        agreement__in=waiting, kind=NoticeKind.TERMS, raised_at__gte=version.published_at
    )
    untold = set(waiting) - set(told.values_list("agreement_id", flat=True))
    agreement_mail.tell_of_terms(Agreement.objects.filter(pk__in=untold), now=now)
    if ended or bound or waiting:
        audit.record(
            acting_user="upkeep", action="agreements.followed", subject=f"source:{source.slug}",
            after={"policy": version.number, "bound": bound, "ended": ended, "to_confirm": len(waiting)},
            organisation_slug=source.organisation.slug, now=now,
        )  # fmt: skip


def _end_automatic(in_force: QuerySet[Agreement], version: PolicyVersion, now: datetime) -> int:
    if not parsed(version).clause(Approvals).required:
        return 0
    return in_force.filter(automatic=True).update(
        state=AgreementState.ENDED, ended_side=Side.POLICY, ended_at=now, reason=ASKS_FOR_APPROVAL
    )


def _to_confirm(source: Source, version: PolicyVersion) -> list[Agreement]:
    """Those approved under terms that asked less, and not confirmed in advance."""
    if not needs_approval(source, version):
        return []
    approved = Agreement.objects.filter(
        ~Q(confirmed_version=version) | Q(confirmed_version__isnull=True),
        source=source, state=AgreementState.IN_FORCE, automatic=False,
    )  # fmt: skip
    asked = approved.order_by().values_list("policy_version", flat=True).distinct()
    asks_more = [
        old.pk
        for old in PolicyVersion.objects.filter(pk__in=asked)
        if diff(old.plain, version.plain).asks_more
    ]
    return list(approved.filter(policy_version__in=asks_more))
