"""The steps that a set of linked transfers is made of: plain values, checked for form only.

What they may do is decided by `chains`, with the accounts locked; nothing here reads the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from accounting.errors import Invalid
from accounting.terms import whole

MOST_STEPS = 1_000


@dataclass(frozen=True, slots=True)
class PostStep:
    """Move `amount` at once. `reverses` names the transfer that this one corrects, wholly or in part."""

    debit_account_id: int
    credit_account_id: int
    amount: int
    label: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    reverses: UUID | None = None

    def content(self) -> list[object]:
        sides = [self.debit_account_id, self.credit_account_id]
        return ["post", *sides, self.amount, self.label, self.detail, _text(self.reverses)]


@dataclass(frozen=True, slots=True)
class HoldStep:
    """Reserve `amount`, for a time or (None) until it is posted or given back."""

    debit_account_id: int
    credit_account_id: int
    amount: int
    expires_after: timedelta | None = None
    label: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    def content(self) -> list[object]:
        sides = [self.debit_account_id, self.credit_account_id]
        seconds = None if self.expires_after is None else self.expires_after.total_seconds()
        return ["hold", *sides, self.amount, self.label, self.detail, seconds]


@dataclass(frozen=True, slots=True)
class PostHeldStep:
    """Post `amount` of what a pending transfer reserved (None: all of it); the rest is released."""

    pending_id: UUID
    amount: int | None = None
    label: str = ""

    def content(self) -> list[object]:
        return ["post_held", str(self.pending_id), self.amount, self.label]


@dataclass(frozen=True, slots=True)
class VoidStep:
    """Release all that a pending transfer reserved."""

    pending_id: UUID
    label: str = ""

    def content(self) -> list[object]:
        return ["void", str(self.pending_id), self.label]


Step = PostStep | HoldStep | PostHeldStep | VoidStep


def require_valid(steps: Sequence[Step]) -> None:
    """Refuse what no books could hold, before anything is looked up."""
    if not steps:
        raise Invalid("There is nothing to transfer.", next_step="Name at least one step.")
    if len(steps) > MOST_STEPS:
        raise Invalid(f"At most {MOST_STEPS} transfers can be linked, not {len(steps)}.")
    for number, step in enumerate(steps):
        _require_form(number, step)
    resolved = [step.pending_id for step in steps if isinstance(step, PostHeldStep | VoidStep)]
    if len(set(resolved)) != len(resolved):
        raise Invalid("A pending transfer is named once: it is posted or given back, not both.")


def _require_form(number: int, step: Step) -> None:
    if not isinstance(step, VoidStep) and step.amount is not None:
        whole("amount", step.amount, least=1)
    if isinstance(step, PostStep | HoldStep) and step.debit_account_id == step.credit_account_id:
        raise Invalid(f"Step {number} needs two different accounts.", step=number)
    if isinstance(step, HoldStep) and step.expires_after is not None and step.expires_after <= timedelta(0):
        raise Invalid("A hold must expire after it is made.", step=number)
    if len(step.label) > 200:
        raise Invalid("A label has at most 200 characters.", step=number)


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
