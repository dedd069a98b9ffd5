"""What a policy says to past requests, each kind of request judged once between two moments that matter."""

from bisect import bisect_right
from datetime import datetime

from marketplace.backtest.answers import Asked
from marketplace.policy.kinds.time_window import TimeWindow
from marketplace.policy.policy import Policy
from marketplace.policy.request import Allow, Deny, Stage


class Verdicts:
    """A memory of one policy's answers; right because only its time window looks at the clock."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        window = policy.clause(TimeWindow)
        self._moments = sorted(one for one in (window.valid_from, window.valid_until) if one is not None)
        self._known: dict[tuple[Asked, int], Allow | Deny] = {}

    def of(self, asked: Asked, at: datetime) -> Allow | Deny:
        key = (asked, bisect_right(self._moments, at))
        verdict = self._known.get(key)
        if verdict is None:
            verdict = self._known[key] = self.policy.verify(asked.at(at))
        return verdict


def looks_later(policy: Policy, asked: Asked, at: datetime) -> frozenset[Stage]:
    """The stages at which the policy would look again at a request like this one."""
    answers = (clause.verify(asked.at(at)) for clause in policy.clauses)
    return frozenset(one.later for one in answers if isinstance(one, Allow) and one.later is not None)
