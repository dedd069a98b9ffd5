"""What private answers have cost a source so far, what they can never exceed, and how many more there can be.

For its owner. The odometer counts running answers at what they hold, so it is never behind; the filter is the
policy's budget. The charges of answers are the ledger's own transfers. Writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings

from accounting import budgets
from accounting.maths import privacy_account
from accounting.maths.privacy_account import Reading, Remaining
from accounting.maths.units import nano_nats_up
from accounting.maths.zcdp import private_charge_nats
from accounting.models import Asset, Phase, Transfer
from marketplace.models import Source
from marketplace.parsed_policies import parsed
from marketplace.policy.request import Limits

RECENT = 20


@dataclass(frozen=True, slots=True)
class Clause:
    """What the policy in force states."""

    budget_nano_nats: int
    eta: float
    delta: float
    token_charge_nano_nats: int
    per_answer_nano_nats: int | None


@dataclass(frozen=True, slots=True)
class AnswerCharge:
    """One private answer: the odometer before it and after it."""

    answer_id: UUID
    receipt_id: UUID | None
    at: datetime
    charge_nano_nats: int
    before: Reading
    after: Reading


@dataclass(frozen=True, slots=True)
class PrivacyReport:
    alpha: float
    clause: Clause | None
    odometer: Reading
    held_nano_nats: int
    filter: Reading
    remaining: Remaining
    answers: tuple[AnswerCharge, ...]


def privacy_of(*, source: Source) -> PrivacyReport:
    state = budgets.state(source.privacy_account_id)
    limits = parsed(source.policy).limits if source.policy else None
    clause = _clause(limits)
    deltas = privacy_account.stated_deltas(clause.delta if clause else None)
    so_far = state.spent + state.held
    left = max(0, limits.privacy.budget_nano_nats - so_far) if limits and limits.privacy else 0
    charges = _latest_charges(source)
    ceiling = privacy_account.never_above(
        budget_nano_nats=clause.budget_nano_nats if clause else None, so_far_nano_nats=so_far
    )
    return PrivacyReport(
        alpha=settings.ALPHA,
        clause=clause,
        odometer=_reading(so_far, deltas),
        held_nano_nats=state.held,
        filter=_reading(ceiling, deltas),
        remaining=privacy_account.remaining(
            left_nano_nats=left,
            recent_charges=[one.amount for one in charges],
            largest_charge_nano_nats=_largest_charge(clause, left),
        ),
        answers=_before_and_after(charges, state.spent, deltas),
    )


def may_be_shown(source: Source) -> bool:
    """Whether there is anything to tell: a privacy clause, or privacy that was spent under an earlier one."""
    limits = parsed(source.policy).limits if source.policy else None
    return bool(limits and limits.privacy) or budgets.state(source.privacy_account_id).spent > 0


def token_charge_nano_nats(eta: float) -> int:
    """What one token costs a source: from public values alone, rounded up."""
    return nano_nats_up(private_charge_nats(alpha=settings.ALPHA, eta=eta))


def _clause(limits: Limits | None) -> Clause | None:
    if limits is None or limits.privacy is None:
        return None
    terms = limits.privacy
    return Clause(
        budget_nano_nats=terms.budget_nano_nats,
        eta=terms.eta,
        delta=terms.delta,
        token_charge_nano_nats=token_charge_nano_nats(terms.eta),
        per_answer_nano_nats=limits.per_answer_nano_nats,
    )


def _largest_charge(clause: Clause | None, left: int) -> int:
    """Without a limit per answer, one long answer may take all that is left."""
    most = clause.per_answer_nano_nats if clause else None
    return left if most is None else min(most, left)


def _latest_charges(source: Source) -> list[Transfer]:
    """Answers only, newest first."""
    posted = Transfer.objects.filter(
        debit_account_id=source.privacy_account_id,
        asset=Asset.NANO_NAT,
        phase=Phase.POSTED,
        hold_id__isnull=False,
    )
    return list(posted.select_related("hold__receipt").order_by("-created_at", "-pk")[:RECENT])


def _before_and_after(
    charges: Sequence[Transfer], spent: int, deltas: Sequence[float]
) -> tuple[AnswerCharge, ...]:
    """Backwards from what is spent now."""
    rows, after = [], spent
    for charge in charges:
        assert charge.hold_id is not None, "only answers are asked for"
        before = after - charge.amount
        rows.append(
            AnswerCharge(
                answer_id=charge.hold_id,
                receipt_id=charge.hold.receipt.pk
                if charge.hold and hasattr(charge.hold, "receipt")
                else None,
                at=charge.created_at,
                charge_nano_nats=charge.amount,
                before=_reading(before, deltas),
                after=_reading(after, deltas),
            )
        )
        after = before
    return tuple(rows)


def _reading(nano_nats: int, deltas: Sequence[float]) -> Reading:
    return privacy_account.reading(nano_nats=nano_nats, alpha=settings.ALPHA, deltas=deltas)
