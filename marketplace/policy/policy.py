"""A whole policy: its clauses in order, and the limits that a yes carries. Deny wins."""

from dataclasses import dataclass

from marketplace.policy.clauses import Clause, Consumers, Modes, Purposes, TimeWindow
from marketplace.policy.request import Allow, Deny, Limits, Request


@dataclass(frozen=True, slots=True)
class Policy:
    """The clauses that every request must pass, and what it gets then."""

    consumers: Consumers
    purposes: Purposes
    window: TimeWindow
    modes: Modes
    limits: Limits

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return (self.consumers, self.purposes, self.window, self.modes)

    def verify(self, request: Request) -> Allow | Deny:
        for clause in self.clauses:
            answer = clause.verify(request)
            if isinstance(answer, Deny):
                return answer
        return Allow(self.limits)
