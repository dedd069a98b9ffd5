"""Trying a policy before it is published: what is wrong or without effect, what it says, what it changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.models import Source
from marketplace.named_in_policies import require_known_groups
from marketplace.policy import plain as plain_form
from marketplace.policy.diff import Diff, diff
from marketplace.policy.policy import Policy
from marketplace.policy.problems import PolicyInvalid, Problem
from marketplace.policy.sentences import sentences
from marketplace.policy.warnings import warnings


@dataclass(frozen=True, slots=True)
class Validation:
    """`policy` None: it cannot be taken. `diff` is against the policy in force."""

    policy: Policy | None
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()
    sentences: tuple[str, ...] = ()
    diff: Diff | None = None


def validate(*, source: Source, plain: Any, now: datetime) -> Validation:
    try:
        policy = plain_form.parse(plain)
        require_known_groups(policy)
    except PolicyInvalid as invalid:
        return Validation(None, invalid.problems)
    return Validation(
        policy,
        errors=(),
        warnings=tuple(warnings(policy, now)),
        sentences=tuple(sentences(policy)),
        diff=diff(source.policy.plain if source.policy else None, plain),
    )
