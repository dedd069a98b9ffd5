"""Reserves money and nats before the first token: step 6 (hold) of the way.

Sources whose budget refuses are composed out of the plan; refused money is the caller's 402. The answer's id
is the hold's id, so a second run of the same answer is refused by the ledger itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from django.conf import settings

from accounting import barrier, free_credit, holds
from accounting.held import Held
from inference.allowance import HeldAllowance, Stopped
from inference.bench import Bench
from inference.coalitions import require_together
from inference.models import Answer
from inference.plan import Plan
from inference.request import Question
from inference.still_allowed import StillAllowed
from marketplace import spend_caps, taking_effect, window_budgets


def hold(*, plan: Plan, question: Question, answer: Answer, bench: Bench) -> tuple[Plan, HeldAllowance, Held]:
    """The plan as it could be held, the allowances over what is held, and the terms of it."""
    now = bench.now()
    admitted = window_budgets.open_for(
        admitted=[seat.admitted for seat in plan.seats], consumer=answer.organisation, now=now
    )
    seats = tuple(replace(seat, admitted=own) for seat, own in zip(plan.seats, admitted, strict=True))
    free_credit.grant(
        wallet_id=answer.organisation.wallet_account_id,
        amount_micro_usd=settings.FREE_CREDIT_MICRO_USD_A_MONTH,
        now=now,
    )
    placed = holds.place(
        hold_id=answer.pk,
        wallet_id=answer.organisation.wallet_account_id,
        spend_cap_account_ids=spend_caps.open_for(key=answer.api_key, now=now),
        terms=[seat.terms for seat in seats],
        fee_basis_points=settings.PLATFORM_FEE_BASIS_POINTS,
        max_price_micro_usd=question.wishes.max_price_micro_usd,
        expires_at=now + timedelta(seconds=settings.HOLD_SECONDS),
        now=now,
        detail={
            "answer_id": str(answer.pk),
            "mode": question.wishes.mode,
            "model": question.model,
            "purpose": question.wishes.purpose,
            "output": question.wishes.output,
        },
    )
    with given_back_on_failure(answer, bench):
        barrier.hold_is_durable(placed.hold_id)
        held = replace(plan, seats=seats)
        refused = [seat.admitted for seat in seats if seat.slug in placed.refused]
        whys = window_budgets.refusals(
            refused=refused,
            consumer=answer.organisation,
            mode="private" if question.wishes.is_private else "open",
            now=now,
        )
        for slug, why in whys.items():
            required = question.wishes.require
            held = held.without([slug], rule=why.rule, reason=why.reason, required=required)
        if whys:
            require_together(held)
        return held, _allowance(held, question, answer, bench), placed.held


@contextmanager
def given_back_on_failure(answer: Answer, bench: Bench) -> Iterator[None]:
    """For steps before the first token: where one fails, money and nats go back, private blocks too."""
    try:
        yield
    except Exception:
        holds.void(hold_id=answer.pk, reason="failed before the first token", now=bench.now())
        raise


def _allowance(plan: Plan, question: Question, answer: Answer, bench: Bench) -> HeldAllowance:
    source_ids = {seat.slug: seat.admitted.source.pk for seat in plan.seats}

    def top_up(label: str, nano_nats: int) -> bool:
        taking_effect.take_effect_due(now=bench.now(), source_ids=[source_ids[label]])
        return holds.top_up(hold_id=answer.pk, label=label, nano_nats=nano_nats, now=bench.now())

    def refused(label: str) -> None:
        bench.channel.publish(answer.pk, {"type": "budget", "source": label})

    def stopped(label: str, why: Stopped) -> None:
        bench.channel.publish(answer.pk, {"type": "policy", "source": label, **why.as_json()})

    allowance = HeldAllowance(
        max_tokens=question.max_tokens,
        top_up=top_up,
        refused=refused,
        denied=StillAllowed(plan.seats, consumer=answer.organisation, now=bench.now).denied,
        stopped=stopped,
        now=bench.now,
    )
    allowance.seat(plan.seats)
    return allowance
