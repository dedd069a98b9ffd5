"""What a key may be used for: the operations that it is scoped to, in words; wider ones hold narrower ones.

An endpoint names one scope. One with `:read` and `:write` parts means the part that the method needs, so that
a new endpoint is never open to a key that only reads.
"""

from collections.abc import Collection
from dataclasses import dataclass

READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Scope:
    """`within` is the wider scope that holds this one too."""

    name: str
    title: str
    within: str | None = None


_TABLE = (
    Scope("answers", "Ask questions and pay for the answers, and plan"),
    Scope("plan", "Plan: see who would vote and what an answer would cost", "answers"),
    Scope("sources", "Everything about own sources"),
    Scope("sources:read", "Read sources, their policies, budgets and earnings", "sources"),
    Scope("sources:write", "Register, describe, upload, pause, suspend and withdraw sources", "sources"),
    Scope("policies:write", "Publish policies", "sources"),
    Scope("training", "Start and cancel trainings", "sources"),
    Scope("account", "Balance, usage, statements and top-ups of the organisation"),
    Scope("agreements", "Ask for the use of sources, confirm new terms, and end agreements", "account"),
    Scope("receipts", "Read and verify receipts"),
    Scope("payouts", "Ask for payouts and follow them"),
    Scope("organisation", "Members, invitations, proofs and API keys of the organisation"),
)
SCOPES = {scope.name: scope for scope in _TABLE}
USUAL = ("answers", "sources", "account", "receipts", "payouts")  # what a key gets unless it says otherwise


def needed(scope: str, method: str) -> str:
    """The scope that a request of this method needs where the endpoint names `scope`."""
    part = f"{scope}:{'read' if method in READING else 'write'}"
    return part if part in SCOPES else scope


def allows(held: Collection[str], wanted: str) -> bool:
    """Whether a key with the scopes `held` may do `wanted`; a scope that is not known is never held."""
    scope = SCOPES.get(wanted)
    return scope is not None and (wanted in held or scope.within in held)


def covers(held: Collection[str], wanted: Collection[str]) -> bool:
    return all(allows(held, one) for one in wanted)
