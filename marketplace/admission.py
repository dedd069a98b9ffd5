"""Who may vote in this answer, and by which rule not: step 4 (admit) of the way.

The policies of all sources are asked as arrays (`marketplace.compiled`), those of the few that may get a seat
once more as objects, and only their budgets are read: the number of queries and what they load do not grow
with the number of sources. Deny wins; no policy is no. What a consumer may not know of (drafts of others,
withdrawn sources) is not found, exactly like what does not exist. Must not look at the question: relevance
and seats are for whoever narrows and plans.
"""

import gc
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection

from accounting.errors import Forbidden, Invalid
from accounting.placeholders import marks
from marketplace import window_budgets
from marketplace.agreement_use import approvals_of
from marketplace.compiled.index import Allowed, Asked, Ids
from marketplace.compiled.kept import KEPT
from marketplace.consumers import facts_of
from marketplace.judging import Candidate, Question, Selection, judge, selection_of
from marketplace.material import PartitionFacts, PolicyFacts, SourceFacts, VersionFacts
from marketplace.models import Organisation, SourceState
from marketplace.policy import purposes
from marketplace.policy.policy import Policy
from marketplace.policy.request import Allow, Deny, Limits, Mode, Output, QuestionFacts, Request
from marketplace.visibility import is_visible, not_found
from marketplace.window_budgets import Budgets

Narrow = Callable[[Allowed], Ids]  # the sources that are worth a closer look, for this question


@dataclass(frozen=True, slots=True)
class Admitted:
    """A source that may vote, with what it votes with and under which limits.

    `request` is what its policy was asked; it is asked again once question and other voters are known.
    `budget_account_ids` lacks a window that is not open yet: `window_budgets.open_for` adds it before the
    hold.
    """

    source: SourceFacts
    version: VersionFacts
    partition: PartitionFacts
    policy_version: PolicyFacts
    policy: Policy
    request: Request
    limits: Limits
    budget_account_ids: tuple[int, ...]
    left_nano_nats: int | None

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
    """`denied` are those that the request names, with reasons; `others` counts the rest of them by rule.

    `parameters` are those of all partitions on the core that the consumer may know of.
    """

    admitted: tuple[Admitted, ...]
    denied: tuple[Denied, ...]
    others: Mapping[str, int]
    parameters: int


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
    narrow: Narrow | None = None,
) -> Admission:
    """Every visible source: admitted, or denied by the first rule that says no.

    `narrow` chooses among the allowed ones that the request does not name; what it leaves out counts as
    denied by `relevance`. NotFound for a named source that the consumer may not know of; Forbidden where
    `require` names a source that is not admitted.
    """
    if not purposes.known(purpose):
        raise Invalid(
            f"The purpose '{purpose}' is not known.",
            code="unknown_purpose",
            next_step=f"Use one of {', '.join(purposes.PURPOSES)}.",
        )
    question = Question(
        consumer=consumer,
        request=request_of(consumer, purpose, mode, now, output),
        selection=selection_of(only=only, ignore=ignore, require=require, gamma=gamma, mode=mode),
        core_digest=core_digest,
        approvals=approvals_of(consumer),
    )
    named = _named(question)
    allowed = _allowed(question, named)
    chosen = allowed.source_ids if narrow is None else narrow(allowed)
    others = Counter(allowed.denied)
    others["relevance"] += len(allowed.source_ids) - len(chosen)
    materials = sorted(KEPT.materials({*named, *chosen.tolist()}), key=lambda one: one.source.slug)
    verdicts = {one.source.slug: judge(one, question) for one in materials}
    admission = _within_budgets(verdicts, question, others, allowed.parameters)
    _check_required(question.selection, admission)
    return admission


def warm_up() -> None:
    """Compile the policies in force, so that the first query does not wait for them.

    They stay as long as the process: the collector of garbage need not walk through them with every query.
    """
    KEPT.warm_up()
    gc.collect()
    gc.freeze()


def request_of(
    consumer: Organisation, purpose: str, mode: Mode, now: datetime, output: Output = "answer"
) -> Request:
    """Who asks, with all that policies may know of them: one query."""
    facts = facts_of(consumer)
    return Request(
        consumer=consumer.slug,
        purpose=purpose,
        now=now,
        mode=mode,
        groups=facts.groups,
        domains=facts.domains,
        country=facts.country,
        output=output,
    )


def _named(question: Question) -> frozenset[int]:
    """The sources that the request names; NotFound for one that its consumer may not know of."""
    names = question.selection.named
    if not names:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(_STANDINGS.format(slugs=marks(names)), list(names))
        rows = cursor.fetchall()
    found = {row[0]: row[1] for row in rows if _is_known(*row[1:], question=question)}
    unknown = names - found.keys()
    if unknown:
        raise not_found(min(unknown))
    return frozenset(found.values())


# Written out, because making it from a query set takes longer than asking.
_STANDINGS = """SELECT slug, id, organisation_id, visibility, state FROM marketplace_source
    WHERE slug IN ({slugs})"""


def _is_known(
    source_id: int, organisation_id: int, visibility: str, state: str, *, question: Question
) -> bool:
    return state != SourceState.WITHDRAWN and is_visible(
        visibility=visibility,
        state=state,
        is_own=organisation_id == question.consumer.pk,
        has_agreement=source_id in question.approvals.known,
    )


def _allowed(question: Question, named: frozenset[int]) -> Allowed:
    """All others, as the policies in force have it now."""
    asked = Asked(
        request=question.request,
        consumer_id=question.consumer.pk,
        core_digest=question.core_digest,
        approvals=question.approvals,
        named=named,
        only_named=question.selection.only is not None,
    )
    with KEPT.index() as index:
        return index.allowed(asked)


def _within_budgets(
    verdicts: Mapping[str, Candidate | Deny], question: Question, others: Counter[str], parameters: int
) -> Admission:
    candidates = [verdict for verdict in verdicts.values() if isinstance(verdict, Candidate)]
    denials = {slug: deny for slug, deny in verdicts.items() if isinstance(deny, Deny)}
    budgets = window_budgets.read(
        wanted={one.source.pk: (one.source, one.limits) for one in candidates},
        consumer=question.consumer,
        mode=question.request.mode,
        now=question.request.now,
    )
    admitted = []
    for one in candidates:
        left = budgets[one.source.pk]
        if left.refusal is None:
            admitted.append(_admitted(one, left))
        else:
            denials[one.source.slug] = left.refusal
    named = question.selection.named
    others.update(deny.rule for slug, deny in denials.items() if slug not in named)
    return Admission(
        admitted=tuple(admitted),
        denied=tuple(
            Denied(slug, deny.rule, deny.reason) for slug, deny in sorted(denials.items()) if slug in named
        ),
        others={rule: count for rule, count in others.items() if count},
        parameters=parameters,
    )


def _admitted(one: Candidate, left: Budgets) -> Admitted:
    return Admitted(
        source=one.source,
        version=one.partition.version,
        partition=one.partition,
        policy_version=one.policy_version,
        policy=one.policy,
        request=one.request,
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
