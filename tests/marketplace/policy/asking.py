"""What the tests of clauses ask a policy, and what they read of its answer."""

from datetime import UTC, datetime
from typing import Any

from marketplace.policy import plain
from marketplace.policy.policy import Policy
from marketplace.policy.problems import PolicyInvalid
from marketplace.policy.request import Allow, Deny, Limits, Request

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVERYBODY: dict[str, Any] = {"purposes": {"allow": ["*"]}, "consumers": {"allow": ["*"]}}


def ask(**changes: Any) -> Request:
    """The usual request, with changes."""
    return Request(**{"consumer": "buyer", "purpose": "research", "now": NOON, "mode": "open", **changes})


def policy(**terms: Any) -> Policy:
    """A policy for everybody, with these terms."""
    return plain.parse({**EVERYBODY, **terms})


def rule(answer: Allow | Deny) -> str | None:
    """The rule that said no, or None for a yes."""
    return answer.rule if isinstance(answer, Deny) else None


def limits(answer: Allow | Deny) -> Limits:
    assert isinstance(answer, Allow)
    assert answer.limits is not None
    return answer.limits


def denied(answer: Allow | Deny) -> Deny:
    assert isinstance(answer, Deny)
    return answer


def places(**terms: Any) -> list[str]:
    """Where the policy is refused, in order; every refusal is a sentence."""
    return [path for path, _ in problems(**terms)]


def problems(**terms: Any) -> list[tuple[str, str]]:
    try:
        policy(**terms)
    except PolicyInvalid as error:
        found = [(one.path, one.sentence) for one in error.problems]
    else:
        found = []
    assert all(sentence.endswith(".") for _, sentence in found)
    return found
