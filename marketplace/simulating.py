"""What would happen if somebody asked: which clause decides, under which limits, and what is left for them.

Only what the owner may know goes in: groups, domains and country are taken as the owner describes them (an
organisation's own are read for the owner's organisation alone), agreements and windows are the source's own.
It writes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from accounting import budgets
from marketplace import agreement_use, budget_names, consumers, topic_judge, window_budgets
from marketplace.models import Organisation, Partition, PartitionState, Source, SourceState
from marketplace.policy.kinds.topics import Topics
from marketplace.policy.policy import Policy
from marketplace.policy.request import Limits, Mode, Output, Request, Step

NO_ENGINE = "No engine answered in time, so whether the question fits is judged when it is asked."


@dataclass(frozen=True, slots=True)
class Described:
    """Who would ask; an organisation by its short name, or nobody in particular."""

    organisation: str = ""
    groups: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """The request to try."""

    consumer: Described
    purpose: str
    at: datetime
    mode: Mode = "open"
    output: Output = "answer"
    question: str = ""
    others: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """One budget of the source as it stands for this consumer; `left` None: unlimited."""

    budget: str
    words: str
    limit_nano_nats: int | None
    left_nano_nats: int | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """`steps` are the clauses in order; `beside` is what stands against it beside the policy."""

    steps: tuple[Step, ...]
    beside: tuple[Step, ...]
    limits: Limits
    left: tuple[Left, ...]

    @property
    def decided_by(self) -> Step | None:
        """The first no; None where there is none."""
        return next((step for step in (*self.steps, *self.beside) if step.outcome == "deny"), None)

    @property
    def outcome(self) -> str:
        if self.decided_by is not None:
            return "deny"
        return "later" if any(step.outcome == "later" for step in self.steps) else "allow"


def simulate(*, source: Source, plain: Mapping[str, Any], policy: Policy, asking: Asking) -> Simulation:
    """`policy` is `plain`, read."""
    organisation = Organisation.objects.filter(slug=asking.consumer.organisation).first()
    request = _request(source, organisation, asking)
    limits = policy.limits_for(request)
    left = tuple(_left(source, limits, organisation, asking))
    steps = tuple(_with_topic(policy.explain(request), source, plain, asking))
    return Simulation(steps, tuple(_beside(source, limits, left, asking)), limits, left)


def _request(source: Source, organisation: Organisation | None, asking: Asking) -> Request:
    who = asking.consumer
    groups, domains, country = who.groups, who.domains, who.country
    if organisation is not None and organisation.pk == source.organisation_id:
        own = consumers.facts_of(organisation)
        groups, domains, country = groups | own.groups, domains | own.domains, country or own.country
    agreements = {} if organisation is None else agreement_use.in_force_for(organisation, [source.pk])
    return Request(
        consumer=who.organisation, purpose=asking.purpose, now=asking.at, mode=asking.mode, groups=groups,
        domains=domains, country=country, output=asking.output, agreement=agreements.get(source.pk),
        others=asking.others,
    )  # fmt: skip


def _with_topic(
    steps: list[Step], source: Source, plain: Mapping[str, Any], asking: Asking
) -> Iterator[Step]:
    """The topic clause is asked only where everything before it says yes: the engine has other work."""
    refused = any(step.outcome == "deny" for step in steps)
    for step in steps:
        if step.kind != Topics.kind or not asking.question or refused:
            yield step
            continue
        said = topic_judge.judge(plain=plain, question=asking.question, organisation=source.organisation)
        if said is None:
            yield replace(step, reason=NO_ENGINE)
        else:
            outcome: Any = said.outcome
            yield replace(step, outcome=outcome, reason=said.reason, values=said.values)


def _left(
    source: Source, limits: Limits, organisation: Organisation | None, asking: Asking
) -> Iterator[Left]:
    rows = window_budgets.rows_of({source.pk: limits.all_windows}, organisation, asking.at)
    lasting = {
        budget_names.LIFETIME: (source.budget_account_id, limits.lifetime_nano_nats),
        budget_names.PRIVACY: (
            source.privacy_account_id, limits.privacy.budget_nano_nats if limits.privacy else None,
        ),
    }  # fmt: skip
    states = budgets.states(
        [account for account, _ in lasting.values()] + [row.account_id for row in rows.values()]
    )
    for name, (account, limit) in lasting.items():
        if name == budget_names.LIFETIME or (asking.mode == "private" and limits.privacy is not None):
            used = states[account].spent + states[account].held
            words = budget_names.for_owners(name, None)
            yield Left(name, words, limit, None if limit is None else max(0, limit - used))
    for window in limits.all_windows:
        row = rows.get((source.pk, window.key))
        used = window_budgets.used_nano_nats(row, states[row.account_id], asking.at) if row else 0
        whose = asking.consumer.organisation if window.consumers == "each" else None
        words = budget_names.for_owners(window.key, whose)
        yield Left(window.key, words, window.nano_nats, max(0, window.nano_nats - used))


def _beside(source: Source, limits: Limits, left: tuple[Left, ...], asking: Asking) -> Iterator[Step]:
    if source.state == SourceState.SUSPENDED:
        yield Step("state", "suspended", "deny", "The source is suspended.")
    if not Partition.objects.filter(source=source, state=PartitionState.ACTIVE).exists():
        yield Step("state", "no_partition", "deny", "The source has no trained partition yet.")
    for name, _ in budget_names.counted(limits, asking.mode, asking.consumer.organisation):
        if name in source.paused_budgets:
            words = budget_names.for_owners(name.split(":")[0], None)
            yield Step("budget", "paused", "deny", f"You have paused the {words}.")
    for one in left:
        if one.left_nano_nats == 0:
            yield Step("budget", "budget", "deny", f"The {one.words} is spent.")
