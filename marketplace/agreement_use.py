"""What a use rests on: which agreements policies are asked with, and the one that each seat of an answer has.

An agreement is for its purpose and those below it. The first answer that holds a seat without approval being
needed makes one; every later answer reads it, in one query for all its seats, and writes nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from accounting import audit
from marketplace.models import Agreement, AgreementState, Organisation, PolicyVersion, Side, Source
from marketplace.policy.purposes import lineage
from marketplace.policy.request import AgreementFacts


def in_force_for(
    consumer: Organisation, source_ids: Collection[int] | None = None
) -> dict[int, AgreementFacts]:
    """What policies are asked with, by source: one query. Terms that wait to be confirmed approve nothing."""
    approved = Agreement.objects.filter(
        consumer=consumer, state=AgreementState.IN_FORCE, automatic=False,
        policy_version=F("source__policy"),
    )  # fmt: skip
    if source_ids is not None:
        approved = approved.filter(source__in=source_ids)
    found: dict[int, set[str]] = {}
    for source_id, purpose in approved.order_by().values_list("source_id", "purpose"):
        found.setdefault(source_id, set()).add(purpose)
    return {key: AgreementFacts(approved_for=frozenset(terms)) for key, terms in found.items()}


@dataclass(frozen=True, slots=True)
class Approvals:
    """What owners approved of a consumer: `known` whatever the terms, `facts` under the policy in force."""

    known: frozenset[int]  # sources
    facts: Mapping[int, AgreementFacts]  # by source


NO_APPROVALS = Approvals(frozenset(), {})


def approvals_of(consumer: Organisation) -> Approvals:
    """All of them, for an admission: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_APPROVED, [consumer.pk, AgreementState.IN_FORCE])
        rows = cursor.fetchall()
    known, found = set[int](), dict[int, set[str]]()
    for source_id, purpose, agreed_to, in_force in rows:
        known.add(source_id)
        if agreed_to == in_force:
            found.setdefault(source_id, set()).add(purpose)
    facts = {source_id: AgreementFacts(frozenset(terms)) for source_id, terms in found.items()}
    return Approvals(frozenset(known), facts)


# Written out, because every admission asks it: making it from a query set takes longer than asking.
_APPROVED = """SELECT a.source_id, a.purpose, a.policy_version_id, s.policy_id FROM marketplace_agreement a
    JOIN marketplace_source s ON s.id = a.source_id
    WHERE a.consumer_id = %s AND a.state = %s AND NOT a.automatic"""


def approved_by(source: Source) -> dict[int, AgreementFacts]:
    """The same from the other side: what the owner has approved, by consumer."""
    approved = Agreement.objects.filter(
        source=source, state=AgreementState.IN_FORCE, automatic=False, policy_version=source.policy_id
    )
    found: dict[int, set[str]] = {}
    for consumer_id, purpose in approved.order_by().values_list("consumer_id", "purpose"):
        found.setdefault(consumer_id, set()).add(purpose)
    return {key: AgreementFacts(approved_for=frozenset(terms)) for key, terms in found.items()}


def closed_to(*, consumer: Organisation, purpose: str) -> frozenset[int]:
    """Sources whose owner ended an agreement, with none in force for the purpose; nearly always none."""
    ended = Agreement.objects.filter(consumer=consumer, ended_side=Side.OWNER).order_by()
    ids = set(ended.values_list("source_id", flat=True))
    return frozenset(ids - rests(consumer=consumer, purpose=purpose, source_ids=ids).keys() if ids else ())


def rests(*, consumer: Organisation, purpose: str, source_ids: Collection[int]) -> dict[int, UUID]:
    """By source id the agreement in force that a use for the purpose rests on: one query."""
    rows = Agreement.objects.filter(
        consumer=consumer, source__in=source_ids, state=AgreementState.IN_FORCE,
        purpose__in=lineage(purpose),
    ).order_by()  # fmt: skip
    found: dict[int, list[Agreement]] = {}
    for row in rows:
        found.setdefault(row.source_id, []).append(row)
    return {key: _chosen(own, purpose).pk for key, own in found.items()}


def make_first(
    *, consumer: Organisation, purpose: str, policy_version_ids: Collection[int], now: datetime
) -> dict[int, UUID]:
    """By source id, the agreements under these policy versions: one insert for each source of them."""
    if not policy_version_ids:
        return {}
    versions = PolicyVersion.objects.filter(pk__in=policy_version_ids).select_related("source__organisation")
    return {version.source_id: _first(consumer, purpose, version, now).pk for version in versions}


def _chosen(in_force: Iterable[Agreement], purpose: str) -> Agreement:
    """Approved before automatic, then the nearest purpose."""
    line = lineage(purpose)
    return min(in_force, key=lambda row: (row.automatic, line.index(row.purpose)))


def _first(consumer: Organisation, purpose: str, version: PolicyVersion, now: datetime) -> Agreement:
    """One insert, at the first use; where another answer was faster, its row."""
    place: dict[str, Any] = {"source_id": version.source_id, "consumer": consumer, "purpose": purpose}
    try:
        with transaction.atomic(durable=True):
            made = Agreement.objects.create(
                **place, policy_version=version, state=AgreementState.IN_FORCE, automatic=True,
                requested_at=now,
            )  # fmt: skip
            audit.record(
                acting_user="first answer", action="agreement.made", subject=f"agreement:{made.pk}",
                after={"state": made.state, "source": version.source.slug, "consumer": consumer.slug,
                       "purpose": purpose, "policy": version.number},
                organisation_slug=version.source.organisation.slug, now=now,
            )  # fmt: skip
            return made
    except IntegrityError:
        return Agreement.objects.get(**place, state=AgreementState.IN_FORCE)
