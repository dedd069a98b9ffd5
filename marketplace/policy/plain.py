"""The plain form of a policy: `parse` reads it strictly into clauses, or says all that is wrong with it.

Absent limits are unlimited; absent purposes or consumers mean nobody. Step 2 (set policy) of the way. What
stands in the form is for the kinds of clauses to say; this module knows none of them.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from marketplace.policy import kinds
from marketplace.policy.clause import Clause
from marketplace.policy.contradictions import contradictions
from marketplace.policy.policy import Policy
from marketplace.policy.problems import PolicyInvalid, Problem
from marketplace.policy.reader import Reader


def terms() -> tuple[str, ...]:
    """Every key that a policy may have."""
    return _terms_of(kinds.KINDS)


@lru_cache(maxsize=8)
def _terms_of(known: tuple[type[Clause], ...]) -> tuple[str, ...]:
    return tuple(term for kind in known for term in kind.terms)


def parse(plain: object) -> Policy:
    """The policy, or PolicyInvalid with every problem of it."""
    policy, problems = _read(plain)
    problems = problems or list(contradictions(policy))
    if problems:
        raise PolicyInvalid(tuple(problems))
    return policy


def published(plain: object) -> Policy:
    """One that was parsed when it was published: what no longer makes sense together holds all the same.

    PolicyInvalid where it has something that this version cannot read.
    """
    policy, problems = _read(plain)
    if problems:
        raise PolicyInvalid(tuple(problems))
    return policy


def _read(plain: object) -> tuple[Policy, list[Problem]]:
    if not isinstance(plain, Mapping):
        raise PolicyInvalid((Problem("$", "A policy must be an object."),))
    problems: list[Problem] = []
    reader = Reader(plain, "$", problems)
    reader.only(terms())
    return Policy.of([_clause(kind, reader) for kind in kinds.KINDS]), problems


def _clause(kind: type[Clause], reader: Reader) -> Clause:
    """Most policies mention few of the kinds."""
    said = not reader.values.keys().isdisjoint(kind.terms)
    return kind.read(reader) if said else kind.absent()


def digest(plain: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of the plain form."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
