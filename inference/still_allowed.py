"""Who of the seats may go on: asked once before every token of an answer, after its first plan.

What ends by the clock is a comparison of times. What somebody does meanwhile (a suspension, an agreement that
ends, a policy that takes effect) is seen by one query over the seats' rows, at most every
POLICY_LOOK_SECONDS: a change that was committed that long before a token begins counts for it. A new policy
that still says yes counts from the next answer on, because this one was held under the terms that its receipt
names. Must not touch budgets.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings

from inference.plan import Seat
from marketplace import agreement_use, taking_effect
from marketplace.models import Agreement, AgreementState, Organisation, PolicyVersion, Side, SourceState
from marketplace.parsed_policies import parsed
from marketplace.policy.kinds.time_window import TimeWindow
from marketplace.policy.policy import Policy
from marketplace.policy.request import Deny

SUSPENDED = Deny("suspended", "The source was suspended.")
WITHDRAWN = Deny("withdrawn", "The source was withdrawn.")
NO_POLICY = Deny("no_policy", "The source has no policy in force any more.")
ENDED = Deny("agreement", "The agreement with the source has ended.")


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the rows of one seat say."""

    agreement_in_force: bool
    source_state: str
    policy_id: int | None
    next_policy_at: datetime | None


GONE = _Standing(agreement_in_force=False, source_state="", policy_id=None, next_policy_at=None)


class StillAllowed:
    """The seats of one answer. `denied` says who of those that speak may no longer, and why."""

    def __init__(self, seats: Sequence[Seat], *, consumer: Organisation, now: Callable[[], datetime]) -> None:
        self._seats = {seat.slug: seat for seat in seats}
        self._consumer = consumer
        self._now = now
        self._policies = {seat.slug: seat.admitted.policy for seat in seats}
        self._policy_ids: dict[str, int | None] = {
            seat.slug: seat.admitted.policy_version.pk for seat in seats
        }
        self._spoke = frozenset(self._seats)
        self._moments = sorted(_ends(self._policies.values()))  # at which the clock alone changes something
        self._look_at = now()

    def denied(self, speaking: frozenset[str]) -> Mapping[str, Deny]:
        now = self._now()
        found: dict[str, Deny] = {}
        if now >= self._look_at:
            found.update(self._looked_up(speaking, now))
        if (self._moments and now >= self._moments[0]) or speaking != self._spoke or found:
            self._moments = [moment for moment in self._moments if moment > now]
            found.update(self._by_policy(speaking, found, now))
        self._spoke = speaking - found.keys()
        return found

    def _looked_up(self, speaking: frozenset[str], now: datetime) -> Iterator[tuple[str, Deny]]:
        """By what was written since."""
        self._look_at = now + timedelta(seconds=settings.POLICY_LOOK_SECONDS)
        standings = self._standings(speaking)
        due = [slug for slug, one in standings.items() if one.next_policy_at and one.next_policy_at <= now]
        if due:
            source_ids = [self._seats[slug].admitted.source.pk for slug in due]
            taking_effect.take_effect_due(now=now, source_ids=source_ids)
            standings = self._standings(speaking)
        to_come = [one.next_policy_at for one in standings.values() if one.next_policy_at]
        self._look_at = min([self._look_at, *to_come])
        for slug in sorted(speaking):
            deny = self._by_rows(slug, standings.get(slug, GONE), now)
            if deny is not None:
                yield slug, deny

    def _standings(self, speaking: frozenset[str]) -> dict[str, _Standing]:
        """One query by primary keys, however many seats."""
        agreements = {slug: self._seats[slug].agreement_id for slug in speaking}
        by_agreement = {key: slug for slug, key in agreements.items() if key is not None}
        rows = Agreement.objects.filter(pk__in=list(by_agreement)).order_by().values_list(
            "pk", "state", "ended_side", "source__state", "source__policy", "source__next_policy_at"
        )  # fmt: skip
        return {
            by_agreement[key]: _Standing(_holds(state, side), source_state, policy_id, next_at)
            for key, state, side, source_state, policy_id, next_at in rows
        }

    def _by_rows(self, slug: str, standing: _Standing, now: datetime) -> Deny | None:
        if standing.source_state == SourceState.SUSPENDED:
            return SUSPENDED
        if standing.source_state == SourceState.WITHDRAWN:
            return WITHDRAWN
        if standing.policy_id is None:
            return NO_POLICY
        if not standing.agreement_in_force:
            return ENDED
        if standing.policy_id == self._policy_ids[slug]:
            return None
        self._policy_ids[slug] = standing.policy_id
        self._policies[slug] = parsed(PolicyVersion.objects.get(pk=standing.policy_id))
        self._moments = sorted({*self._moments, *_ends([self._policies[slug]])})
        return self._verdict(slug, None, now)

    def _by_policy(
        self, speaking: frozenset[str], gone: Mapping[str, Deny], now: datetime
    ) -> dict[str, Deny]:
        """By the clock and by who still speaks, until nobody else leaves."""
        found: dict[str, Deny] = {}
        left = speaking - gone.keys()
        while True:
            denied = {slug: deny for slug in sorted(left) if (deny := self._verdict(slug, left, now))}
            if not denied:
                return found
            found.update(denied)
            left -= denied.keys()

    def _verdict(self, slug: str, speaking: frozenset[str] | None, now: datetime) -> Deny | None:
        """What the policy in force says to the same request now."""
        admitted = self._seats[slug].admitted
        request = replace(admitted.request, now=now, others=None if speaking is None else speaking - {slug})
        if speaking is None:  # under a new policy: asked with the agreements as they are now
            facts = agreement_use.in_force_for(self._consumer, [admitted.source.pk])
            request = replace(request, agreement=facts.get(admitted.source.pk))
        answer = self._policies[slug].verify(request)
        return answer if isinstance(answer, Deny) else None


def _holds(state: str, ended_side: str) -> bool:
    """One that a new policy ended is judged by that policy, which says why."""
    return state == AgreementState.IN_FORCE or ended_side == Side.POLICY


def _ends(policies: Iterable[Policy]) -> Iterator[datetime]:
    for policy in policies:
        until = policy.clause(TimeWindow).valid_until
        if until is not None:
            yield until
