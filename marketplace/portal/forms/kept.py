"""What an owner did not change stays as it was written, to the letter: in another order, or left out.

Clause by clause: where the form says the same as the policy that it was opened with, the policy's own words
count. A clause that the form has no field for is never touched.
"""

from collections.abc import Collection, Mapping
from typing import Any

from marketplace.policy.clause import Clause
from marketplace.policy.kinds import KINDS
from marketplace.policy.kinds.influence import Influence
from marketplace.policy.problems import Problem
from marketplace.policy.reader import Reader
from marketplace.policy.request import Limits

Plain = Mapping[str, Any]


def as_written(new: Plain, before: Plain, *, terms: Collection[str]) -> dict[str, Any]:
    """`new` with every clause that says the same as in `before` in its words; `terms` have fields."""
    kept = dict(new)
    for kind in KINDS:
        if not any(term in terms for term in kind.terms) or _says(kind, new) == _says(kind, before):
            kept = {term: value for term, value in kept.items() if term not in kind.terms}
            kept |= {term: before[term] for term in kind.terms if term in before}
    return kept


def _says(kind: type[Clause], plain: Plain) -> Any:
    """What the clause means; None where it cannot be read. Windows may stand in any order and form."""
    problems: list[Problem] = []
    clause = kind.read(Reader(plain, "$", problems))
    if problems:
        return None
    if isinstance(clause, Influence):
        windows = frozenset(Limits(**clause.limits({})).all_windows)
        return clause.per_answer, clause.lifetime, windows
    return clause
