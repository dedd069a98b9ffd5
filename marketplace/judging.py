"""May this one source vote, and by which rule not? Every rule but its budgets; the first no decides.

The same rules that `marketplace.compiled` asks of all sources at once. Here they are asked of the rows as
they are now, with reasons: of the sources that a request names, and of the few that may get a seat.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from marketplace.agreement_use import Approvals
from marketplace.material import Material, PartitionFacts, PolicyFacts, SourceFacts
from marketplace.models import Organisation, SourceState
from marketplace.policy.policy import Policy
from marketplace.policy.request import Allow, Deny, Limits, Mode, Request
from marketplace.visibility import is_open


@dataclass(frozen=True, slots=True)
class Selection:
    """What the request says about sources: `only` None means all that are admitted."""

    only: frozenset[str] | None
    ignore: frozenset[str]
    require: frozenset[str]
    named: frozenset[str]


@dataclass(frozen=True, slots=True)
class Question:
    """What every source is asked: whose request it is, on which core, and what it says about sources."""

    consumer: Organisation
    request: Request
    selection: Selection
    core_digest: str | None
    approvals: Approvals  # of the consumer

    def request_to(self, source: SourceFacts) -> Request:
        facts = self.approvals.facts.get(source.pk)
        return self.request if facts is None else replace(self.request, agreement=facts)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A source that passed every rule but its budgets; `policy` is what its policy version says."""

    source: SourceFacts
    partition: PartitionFacts
    policy_version: PolicyFacts
    policy: Policy
    request: Request
    limits: Limits


def selection_of(
    *,
    only: Collection[str] | None,
    ignore: Collection[str],
    require: Collection[str],
    gamma: Iterable[str],
    mode: Mode,
) -> Selection:
    """In private answers the voters are exactly the sources that the request names."""
    chosen = None if only is None else frozenset(only)
    if mode == "private":
        chosen = (chosen or frozenset()) | frozenset(require)
    named = (chosen or frozenset()) | frozenset(ignore) | frozenset(require) | frozenset(gamma)
    return Selection(only=chosen, ignore=frozenset(ignore), require=frozenset(require), named=named)


def judge(material: Material, question: Question) -> Candidate | Deny:
    source, partition = material.source, material.partition
    early = _by_selection(source, question.selection) or _by_listing(source, question) or _by_state(source)
    if early is not None:
        return early
    version = material.policy
    policy = version.policy if version is not None else None
    if version is None or policy is None:
        return Deny("no_policy", "The source has no policy, and no matching rule is no.")
    request = question.request_to(source)
    answer = policy.verify(request)
    if isinstance(answer, Deny):
        return answer
    if partition is None or partition.version.number < version.first_version:
        return Deny("no_partition", "The source has no trained partition yet.")
    return _by_partition(partition, question.core_digest) or Candidate(
        source, partition, version, policy, request, _limits(answer)
    )


def _by_selection(source: SourceFacts, selection: Selection) -> Deny | None:
    if source.slug in selection.ignore:
        return Deny("ignore", "The request asks to ignore it.")
    if selection.only is not None and source.slug not in selection.only:
        return Deny("only", "The request names other sources only.")
    return None


def _by_listing(source: SourceFacts, question: Question) -> Deny | None:
    """What is listed on request is known of, but not open without an agreement."""
    if is_open(
        visibility=source.visibility,
        state=source.state,
        is_own=source.organisation_id == question.consumer.pk,
        has_agreement=source.pk in question.approvals.facts,
    ):
        return None
    return Deny("agreement", "It is listed on request: it votes for those who have an agreement with it.")


def _by_state(source: SourceFacts) -> Deny | None:
    if source.state == SourceState.SUSPENDED:
        return Deny("suspended", "The source is suspended.")
    return None


def _limits(answer: Allow) -> Limits:
    assert answer.limits is not None, "a policy that says yes says under which limits"
    return answer.limits


def _by_partition(partition: PartitionFacts, core_digest: str | None) -> Deny | None:
    if core_digest is not None and partition.core_digest != core_digest:
        return Deny("partition_unavailable", "Its partition was trained on another core.")
    if not partition.votes:
        return Deny("partition_quality", "Its partition does not beat the core on its own held-out text.")
    return None
