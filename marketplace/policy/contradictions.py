"""What a policy must not say at once: each clause answers with the place and a sentence naming both sides."""

from collections.abc import Iterator
from dataclasses import replace

from marketplace.policy.policy import Policy
from marketplace.policy.problems import CONTRADICTION, Problem


def contradictions(policy: Policy) -> Iterator[Problem]:
    for clause in policy.clauses:
        for problem in clause.contradictions(policy):
            yield replace(problem, code=CONTRADICTION)
