"""What a valid policy says without effect, or perhaps without meaning it: it can be published all the same.

A clause that can never decide anything is unreachable; one that lets nobody in, or gives nothing, is said.
"""

from collections.abc import Iterator
from datetime import datetime

from marketplace.policy.kinds.consumers import Consumers
from marketplace.policy.kinds.prices import Prices
from marketplace.policy.kinds.purposes import Purposes
from marketplace.policy.kinds.time_window import TimeWindow
from marketplace.policy.ladder import limits_of
from marketplace.policy.parties import DOMAIN, GROUP, name_of
from marketplace.policy.policy import Policy
from marketplace.policy.problems import Problem
from marketplace.policy.purposes import ANY, lineage

UNREACHABLE, NOBODY, NOTHING, OVER, FREE = "unreachable", "nobody", "nothing", "over", "free"


def warnings(policy: Policy, now: datetime) -> Iterator[Problem]:
    yield from _nobody(policy)
    yield from _nothing(policy)
    yield from _unreachable(policy)
    yield from _over(policy, now)
    yield from _free(policy)


def _nobody(policy: Policy) -> Iterator[Problem]:
    if not policy.clause(Consumers).allow:
        yield Problem("$.consumers.allow", "No organisation is allowed, so nobody is answered.", NOBODY)
    if not policy.clause(Purposes).allow:
        yield Problem("$.purposes.allow", "No purpose is allowed, so nobody is answered.", NOBODY)


def _nothing(policy: Policy) -> Iterator[Problem]:
    if policy.limits.max_gamma == 0:
        yield Problem("$.max_gamma", "A voting right of 0 is no vote: it takes part in no answer.", NOTHING)
    for limit in limits_of(policy.limits):
        if limit.most == 0:
            yield Problem(limit.path, f"The limit {limit.name} is 0: it gives no influence at all.", NOTHING)


def _unreachable(policy: Policy) -> Iterator[Problem]:
    purposes = policy.clause(Purposes)
    for term in sorted(purposes.deny):
        above_or_below = any(term in lineage(one) or one in lineage(term) for one in purposes.allow)
        if ANY not in purposes.allow and not above_or_below:
            sentence = f"Denying the purpose '{term}' has no effect, because it is not allowed anyway."
            yield Problem("$.purposes.deny", sentence, UNREACHABLE)
    consumers = policy.clause(Consumers)
    by_name_alone = not any(one == ANY or one.startswith((GROUP, DOMAIN)) for one in consumers.allow)
    for term in sorted(consumers.deny):
        if by_name_alone and not term.startswith((GROUP, DOMAIN)):
            sentence = f"Denying {name_of(term)} has no effect, because it is not allowed anyway."
            yield Problem("$.consumers.deny", sentence, UNREACHABLE)


def _over(policy: Policy, now: datetime) -> Iterator[Problem]:
    until = policy.clause(TimeWindow).valid_until
    if until is not None and until <= now:
        yield Problem("$.valid_until", "This moment is over, so nobody is answered.", OVER)


def _free(policy: Policy) -> Iterator[Problem]:
    prices = policy.clause(Prices)
    if prices.per_nat == 0 and prices.floor == 0 and not any(rule.per_nat for rule in prices.rules):
        yield Problem("$.price_micro_usd_per_nat", "Every answer gets its influence for nothing.", FREE)
