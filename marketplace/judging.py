"""May this one source vote, and by which rule not? Every rule but its budgets; the first no decides.

The same rules that `marketplace.compiled` asks of all sources at once. Here they are asked of the rows as
they are now, with reasons: of the sources that a request names, and of the few that may get a seat.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from django.db.models import Prefetch

from marketplace.models import Organisation, Partition, PartitionState, PolicyVersion, Source, SourceState
from marketplace.parsed_policies import parsed
from marketplace.policy.policy import Policy
from marketplace.policy.problems import PolicyInvalid
from marketplace.policy.request import AgreementFacts, Allow, Deny, Limits, Mode, Request
from marketplace.visibility import visible_to


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
    agreements: Mapping[int, AgreementFacts]  # in force with the consumer, by source

    def request_to(self, source: Source) -> Request:
        facts = self.agreements.get(source.pk)
        return self.request if facts is None else replace(self.request, agreement=facts)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A source that passed every rule but its budgets."""

    source: Source
    partition: Partition
    policy: PolicyVersion
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


def load(consumer: Organisation, source_ids: Collection[int]) -> list[Source]:
    """Those that the consumer may know of, as they are now, with all that `judge` looks at: two queries."""
    active = Partition.objects.filter(state=PartitionState.ACTIVE).select_related("version")
    return list(
        visible_to(consumer)
        .filter(pk__in=source_ids)
        .exclude(state=SourceState.WITHDRAWN)
        .select_related("organisation", "policy")
        .prefetch_related(Prefetch("partitions", queryset=active, to_attr="active_partitions"))
        .order_by("slug")
    )


def judge(source: Source, question: Question) -> Candidate | Deny:
    """`source` as `load` gives it."""
    early = _by_selection(source, question.selection) or _by_listing(source) or _by_state(source)
    if early is not None:
        return early
    policy = _policy(source)
    if source.policy is None or policy is None:
        return Deny("no_policy", "The source has no policy, and no matching rule is no.")
    request = question.request_to(source)
    answer = policy.verify(request)
    if isinstance(answer, Deny):
        return answer
    partition = _partition(source, source.policy)
    if partition is None:
        return Deny("no_partition", "The source has no trained partition yet.")
    return _by_partition(partition, question.core_digest) or Candidate(
        source, partition, source.policy, request, _limits(answer)
    )


def _by_selection(source: Source, selection: Selection) -> Deny | None:
    if source.slug in selection.ignore:
        return Deny("ignore", "The request asks to ignore it.")
    if selection.only is not None and source.slug not in selection.only:
        return Deny("only", "The request names other sources only.")
    return None


def _by_listing(source: Source) -> Deny | None:
    """What is listed on request is known of, but not open without an agreement."""
    if getattr(source, "opened", False):
        return None
    return Deny("agreement", "It is listed on request: it votes for those who have an agreement with it.")


def _by_state(source: Source) -> Deny | None:
    if source.state == SourceState.SUSPENDED:
        return Deny("suspended", "The source is suspended.")
    return None


def _policy(source: Source) -> Policy | None:
    """Fail closed: a policy of which this version cannot read all is none."""
    try:
        return None if source.policy is None else parsed(source.policy)
    except PolicyInvalid:
        return None


def _limits(answer: Allow) -> Limits:
    assert answer.limits is not None, "a policy that says yes says under which limits"
    return answer.limits


def _partition(source: Source, policy: PolicyVersion) -> Partition | None:
    active: list[Partition] = getattr(source, "active_partitions", [])
    return next((one for one in active if one.version.number >= policy.first_version), None)


def _by_partition(partition: Partition, core_digest: str | None) -> Deny | None:
    if core_digest is not None and partition.core_digest != core_digest:
        return Deny("partition_unavailable", "Its partition was trained on another core.")
    if not partition.metrics.get("votes", False):
        return Deny("partition_quality", "Its partition does not beat the core on its own held-out text.")
    return None
