"""A whole policy: its clauses in order, and the limits that a yes carries. Deny wins."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from marketplace.policy.clause import Clause
from marketplace.policy.request import Allow, Deny, Limits, Outcome, Request, Step

C = TypeVar("C", bound=Clause)


@dataclass(frozen=True, slots=True)
class Policy:
    """The clauses that every request must pass, and what it gets then, whoever asks."""

    clauses: tuple[Clause, ...]
    limits: Limits
    judging: tuple[Clause, ...]  # those that may say no
    pricing: tuple[Clause, ...]  # those whose limits depend on who asks

    @classmethod
    def of(cls, clauses: Iterable[Clause]) -> Self:
        """One clause of each kind, in the order of the kinds."""
        every, limits = tuple(clauses), dict[str, Any]()
        for clause in every:
            limits.update(clause.limits(limits))
        return cls(
            clauses=every,
            limits=Limits(**limits),
            judging=tuple(one for one in every if type(one).verify is not Clause.verify),
            pricing=tuple(one for one in every if type(one).limits_for is not Clause.limits_for),
        )

    def clause(self, kind: type[C]) -> C:
        """The clause of this kind."""
        return next(clause for clause in self.clauses if isinstance(clause, kind))

    def parties(self) -> Iterator[tuple[str, str]]:
        """Every consumer that it names, each with its place."""
        for clause in self.clauses:
            yield from clause.parties()

    def verify(self, request: Request) -> Allow | Deny:
        """No by the first clause that says no; a yes carries the limits for this request."""
        for clause in self.judging:
            answer = clause.verify(request)
            if isinstance(answer, Deny):
                return answer
        return Allow(self.limits_for(request))

    def limits_for(self, request: Request) -> Limits:
        limits = self.limits
        for clause in self.pricing:
            limits = clause.limits_for(limits, request)
        return limits

    def explain(self, request: Request) -> list[Step]:
        """What every clause that says something answers, also after the first no: for the simulator."""
        return [step for clause in self.clauses if (step := _step(clause, request)) is not None]


def _step(clause: Clause, request: Request) -> Step | None:
    answer = clause.verify(request)
    if isinstance(answer, Deny):
        return Step(clause.kind, answer.rule, "deny", answer.reason, answer.values)
    said = " ".join(clause.sentences())
    if not said:
        return None
    outcome: Outcome = "allow" if answer.later is None else "later"
    return Step(clause.kind, clause.kind, outcome, said, clause.values(request))
