"""Who may vote in this answer, and by which rule not: step 4 (admit) of the way.

The number of queries does not grow with the number of sources. Deny wins; no policy is no. What a consumer
may not know of (drafts of others, withdrawn sources) is not found, exactly like what does not exist. Must not
look at the question: relevance and seats come later.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Prefetch

from accounting.errors import Forbidden, Invalid
from marketplace import window_budgets
from marketplace.models import (
    Organisation,
    Partition,
    PartitionState,
    PolicyVersion,
    Source,
    SourceState,
    SourceVersion,
)
from marketplace.parsed_policies import parsed
from marketplace.policy import purposes
from marketplace.policy.policy import Policy
from marketplace.policy.request import Allow, Deny, Limits, Mode, Output, QuestionFacts, Request
from marketplace.visibility import not_found, visible_to
from marketplace.window_budgets import Budgets


@dataclass(frozen=True, slots=True)
class Admitted:
    """A source that may vote, with what it votes with and under which limits.

    `request` is what its policy was asked; it is asked again once question and other voters are known.
    `budget_account_ids` lacks a window that is not open yet: `window_budgets.open_for` adds it before the
    hold.
    """

    source: Source
    version: SourceVersion
    partition: Partition
    policy_version: PolicyVersion
    request: Request
    limits: Limits
    budget_account_ids: tuple[int, ...]
    left_nano_nats: int | None

    @property
    def policy(self) -> Policy:
        return parsed(self.policy_version)

    def asked_again(
        self, *, question: QuestionFacts | None = None, others: frozenset[str] | None = None
    ) -> Allow | Deny:
        """What its policy says now that more is known."""
        return self.policy.verify(replace(self.request, question=question, others=others))


@dataclass(frozen=True, slots=True)
class Denied:
    """A source that the request names and that may not vote."""

    slug: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Admission:
    """`denied` are those that the request names, with reasons; `others` counts the rest of them by rule."""

    admitted: tuple[Admitted, ...]
    denied: tuple[Denied, ...]
    others: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Selection:
    """What the request says about sources: `only` None means all that are admitted."""

    only: frozenset[str] | None
    ignore: frozenset[str]
    require: frozenset[str]
    named: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A source that passed every rule but its budgets."""

    source: Source
    partition: Partition
    policy: PolicyVersion
    limits: Limits


def admit(
    *,
    consumer: Organisation,
    purpose: str,
    mode: Mode,
    now: datetime,
    only: Collection[str] | None = None,
    ignore: Collection[str] = (),
    require: Collection[str] = (),
    gamma: Iterable[str] = (),
    core_digest: str | None = None,
    output: Output = "answer",
) -> Admission:
    """Every visible source: admitted, or denied by the first rule that says no.

    NotFound for a named source that the consumer may not know of; Forbidden where `require` names a source
    that is not admitted.
    """
    if not purposes.known(purpose):
        raise Invalid(
            f"The purpose '{purpose}' is not known.",
            code="unknown_purpose",
            next_step=f"Use one of {', '.join(purposes.PURPOSES)}.",
        )
    selection = _selection(only, ignore, require, gamma, mode)
    request = Request(consumer=consumer.slug, purpose=purpose, now=now, mode=mode, output=output)
    sources = _visible_sources(consumer)
    _check_named(selection, sources)
    verdicts = [_judge(source, selection, request, core_digest) for source in sources]
    admission = _within_budgets(verdicts, selection, consumer, request)
    _check_required(selection, admission)
    return admission


def _selection(
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


def _visible_sources(consumer: Organisation) -> list[Source]:
    active = Partition.objects.filter(state=PartitionState.ACTIVE).select_related("version")
    return list(
        visible_to(consumer)
        .exclude(state=SourceState.WITHDRAWN)
        .select_related("organisation", "policy")
        .prefetch_related(Prefetch("partitions", queryset=active, to_attr="active_partitions"))
        .order_by("slug")
    )


def _check_named(selection: Selection, sources: list[Source]) -> None:
    unknown = selection.named - {source.slug for source in sources}
    if unknown:
        raise not_found(min(unknown))


def _judge(
    source: Source, selection: Selection, request: Request, core_digest: str | None
) -> "_Candidate | Denied":
    deny = _by_selection(source, selection) or _by_listing(source) or _by_state(source)
    if deny is None and source.policy is not None:
        answer = parsed(source.policy).verify(request)
        partition = _partition(source, source.policy)
        if isinstance(answer, Deny):
            deny = answer
        elif partition is None:
            deny = Deny("no_partition", "The source has no trained partition yet.")
        elif answer.limits is not None:
            deny = _by_partition(partition, core_digest)
            if deny is None:
                return _Candidate(source, partition, source.policy, answer.limits)
    deny = deny or Deny("no_policy", "The source has no policy, and no matching rule is no.")
    return Denied(source.slug, deny.rule, deny.reason)


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


def _partition(source: Source, policy: PolicyVersion) -> Partition | None:
    active: list[Partition] = getattr(source, "active_partitions", [])
    return next((one for one in active if one.version.number >= policy.first_version), None)


def _by_partition(partition: Partition, core_digest: str | None) -> Deny | None:
    if core_digest is not None and partition.core_digest != core_digest:
        return Deny("partition_unavailable", "Its partition was trained on another core.")
    if not partition.metrics.get("votes", False):
        return Deny("partition_quality", "Its partition does not beat the core on its own held-out text.")
    return None


def _within_budgets(
    verdicts: list["_Candidate | Denied"], selection: Selection, consumer: Organisation, request: Request
) -> Admission:
    candidates = [verdict for verdict in verdicts if isinstance(verdict, _Candidate)]
    denied = [verdict for verdict in verdicts if isinstance(verdict, Denied)]
    budgets = window_budgets.read(
        wanted={one.source.pk: (one.source, one.limits) for one in candidates},
        consumer=consumer,
        mode=request.mode,
        now=request.now,
    )
    admitted = []
    for one in candidates:
        left = budgets[one.source.pk]
        if left.refusal is not None:
            denied.append(Denied(one.source.slug, left.refusal.rule, left.refusal.reason))
        else:
            admitted.append(_admitted(one, request, left))
    named = sorted((one for one in denied if one.slug in selection.named), key=lambda one: one.slug)
    others = Counter(one.rule for one in denied if one.slug not in selection.named)
    return Admission(tuple(admitted), tuple(named), dict(others))


def _admitted(one: _Candidate, request: Request, left: Budgets) -> Admitted:
    return Admitted(
        source=one.source,
        version=one.partition.version,
        partition=one.partition,
        policy_version=one.policy,
        request=request,
        limits=one.limits,
        budget_account_ids=left.account_ids,
        left_nano_nats=left.left_nano_nats,
    )


def _check_required(selection: Selection, admission: Admission) -> None:
    for one in admission.denied:
        if one.slug in selection.require:
            raise Forbidden(
                f"The source '{one.slug}' is required and may not vote: {one.reason}",
                next_step="Leave it out of `require`, or meet the rule.",
                rule=one.rule,
                source=one.slug,
            )
