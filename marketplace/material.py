"""What one source votes with and under which policy: how it is read for an admission, and how it is kept.

Plain frozen values and no model instances: an engine keeps those of very many sources, and making rows into
instances takes longer than asking for them. The policy is parsed once, when it is read. Manifests are long
and stay where they are; `inference.shelf` reads those that it needs. It decides nothing: that is `judging`'s.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounting.placeholders import marks
from marketplace.models import PartitionState
from marketplace.parsed_policies import readable
from marketplace.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """A source as it is now; `owner` is the slug of its organisation."""

    pk: int
    slug: str
    organisation_id: int
    owner: str
    visibility: str
    state: str
    paused_budgets: Mapping[str, Any]
    budget_account_id: int
    privacy_account_id: int
    earnings_account_id: int


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """The policy version in force; `policy` is None where not all of it can be read, and None is no."""

    pk: int
    number: int
    digest: str
    first_version: int
    policy: Policy | None


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """The version of the source that a partition was made from."""

    pk: int
    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class PartitionFacts:
    """The active partition; `votes` is whether it beats the core on its own held-out text."""

    pk: int
    source_id: int
    version: VersionFacts
    core_digest: str
    digest: str
    adapter_digest: str
    index_digest: str
    passages_digest: str
    votes: bool


@dataclass(frozen=True, slots=True)
class Material:
    """A source with the policy in force and its active partition, as far as there are any."""

    source: SourceFacts
    policy: PolicyFacts | None
    partition: PartitionFacts | None


def load(source_ids: Collection[int]) -> dict[int, Material]:
    """By source id, as they are now; those that are gone are absent. One statement."""
    ids = list(source_ids)
    with connection.cursor() as cursor:
        cursor.execute(_MATERIAL.format(ids=marks(ids)), [PartitionState.ACTIVE, *ids])
        rows = cursor.fetchall()
    return {row[0]: _material(row) for row in rows}


# Written out, because most admissions ask it: making it from a query set takes as long as asking.
_MATERIAL = """SELECT s.id, s.slug, s.organisation_id, o.slug, s.visibility, s.state, s.paused_budgets,
        s.budget_account_id, s.privacy_account_id, s.earnings_account_id,
        y.id, y.number, y.digest, y.first_version, y.plain,
        p.id, p.core_digest, p.digest, p.adapter_digest, p.index_digest, p.passages_digest, p.metrics,
        v.id, v.number, v.digest
    FROM marketplace_source s
    JOIN marketplace_organisation o ON o.id = s.organisation_id
    LEFT JOIN marketplace_policyversion y ON y.id = s.policy_id
    LEFT JOIN marketplace_partition p ON p.source_id = s.id AND p.state = %s
    LEFT JOIN marketplace_sourceversion v ON v.id = p.version_id
    WHERE s.id IN ({ids})"""


def _material(row: Sequence[Any]) -> Material:
    pk, slug, organisation_id, owner, visibility, state, paused, budget, privacy, earnings = row[:10]
    source = SourceFacts(
        pk=pk,
        slug=slug,
        organisation_id=organisation_id,
        owner=owner,
        visibility=visibility,
        state=state,
        paused_budgets=json.loads(paused),
        budget_account_id=budget,
        privacy_account_id=privacy,
        earnings_account_id=earnings,
    )
    return Material(source, _policy(row[10:15]), _partition(pk, row[15:]))


def _policy(row: Sequence[Any]) -> PolicyFacts | None:
    pk, number, digest, first_version, text = row
    return None if pk is None else PolicyFacts(pk, number, digest, first_version, readable(digest, text))


def _partition(source_id: int, row: Sequence[Any]) -> PartitionFacts | None:
    pk, core, digest, adapter, index, passages, metrics, *version = row
    if pk is None:
        return None
    return PartitionFacts(
        pk=pk,
        source_id=source_id,
        version=VersionFacts(*version),
        core_digest=core,
        digest=digest,
        adapter_digest=adapter,
        index_digest=index,
        passages_digest=passages,
        votes=bool(json.loads(metrics).get("votes", False)),
    )
