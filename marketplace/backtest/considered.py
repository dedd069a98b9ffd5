"""Which refused requests a draft would consider: from the counts of requests, and from both policies.

A request that chose no source was refused where the policy of its day says no; one that chose this source by
name was counted when it was refused. Days are judged as they ended, in UTC. What the source would have moved
and earned is not known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import QuerySet

from marketplace import agreement_use, consumers, taking_effect
from marketplace.backtest.past import Consumer
from marketplace.backtest.verdicts import Verdicts
from marketplace.models import Organisation, PolicyVersion, RefusalCount, RequestCount, Source
from marketplace.parsed_policies import parsed
from marketplace.policy.kinds import KINDS
from marketplace.policy.policy import Policy
from marketplace.policy.request import Deny

NO_POLICY = "no_policy"
BY_POLICY = frozenset({*(kind.kind for kind in KINDS), NO_POLICY})
_ASKED = ("consumer_id", "purpose", "mode", "output", "day", "count")


@dataclass(frozen=True, slots=True)
class Considered:
    """So many requests of one consumer on one day that the rule refused and the draft would not."""

    day: date
    consumer: str
    rule: str
    requests: int


def rows(source: Source, since: date) -> tuple[QuerySet[RequestCount], QuerySet[RefusalCount]]:
    """What there is to judge: requests to everybody, and refusals of this source by its policy."""
    asked = RequestCount.objects.filter(day__gte=max(since, source.created_at.date()))
    refused = RefusalCount.objects.filter(source=source, day__gte=since, rule__in=BY_POLICY)
    return asked, refused


def considered(*, source: Source, draft: Policy, since: date, now: datetime) -> Iterator[Considered]:
    requests, refusals = rows(source, since)
    asking = set(requests.values_list("consumer_id", flat=True)) | set(
        refusals.values_list("consumer_id", flat=True)
    )
    known, new = _consumers(source, asking - {source.organisation_id}), Verdicts(draft)
    before = _Before(list(taking_effect.taken(source).order_by("number")))
    for consumer_id, purpose, mode, output, day, count in requests.values_list(*_ASKED).iterator():
        if consumer_id in known:
            asked, at = known[consumer_id].asked(purpose, mode, output), _end_of(day, now)
            rule = before.rule_against(asked, at)
            if rule is not None and not isinstance(new.of(asked, at), Deny):
                yield Considered(day, asked.consumer, rule, count)
    for consumer_id, purpose, mode, output, day, count, rule in refusals.values_list(
        *_ASKED, "rule"
    ).iterator():
        if consumer_id in known:
            asked = known[consumer_id].asked(purpose, mode, output)
            if not isinstance(new.of(asked, _end_of(day, now)), Deny):
                yield Considered(day, asked.consumer, rule, count)


class _Before:
    """What the versions said while they were in force."""

    def __init__(self, versions: Sequence[PolicyVersion]) -> None:
        self._verdicts = [(version.effective_at, Verdicts(parsed(version))) for version in versions]

    def rule_against(self, asked: Any, at: datetime) -> str | None:
        in_force = [verdicts for begins, verdicts in self._verdicts if begins <= at]
        if not in_force:
            return NO_POLICY
        verdict = in_force[-1].of(asked, at)
        return verdict.rule if isinstance(verdict, Deny) else None


def _consumers(source: Source, organisation_ids: set[int]) -> dict[int, Consumer]:
    approved = agreement_use.approved_by(source)
    facts = consumers.facts_by_id(organisation_ids)
    slugs = Organisation.objects.filter(pk__in=organisation_ids).values_list("pk", "slug")
    return {pk: Consumer(pk, slug, facts[pk], approved.get(pk)) for pk, slug in slugs}


def _end_of(day: date, now: datetime) -> datetime:
    return min(datetime.combine(day, time.max, tzinfo=UTC), now)
