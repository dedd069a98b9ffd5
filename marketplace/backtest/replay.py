"""One past answer after the other, judged and priced as the draft would have: in order, in constant memory.

Prices and roundings are the books' own (`accounting.pricing`). An answer that a lower limit would have cut is
taken with exactly what the limit leaves it. Pure: it reads and writes nothing.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from accounting.pricing import Price, charge_micro_usd, floor_top_up_micro_usd
from marketplace.backtest.answers import Asked, PastAnswer
from marketplace.backtest.limits import DraftBudgets
from marketplace.backtest.sums import Sums
from marketplace.backtest.verdicts import Verdicts
from marketplace.policy.policy import Policy
from marketplace.policy.request import Deny, Limits

NO_VOTE = "gamma"  # a voting right of 0 is no seat
SPENT = "budget"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the draft would have made of one answer; `rule` is the one that refuses it."""

    drawn_nano_nats: int
    paid_micro_usd: int
    rule: str | None = None
    limited: bool = False


class Replay:
    """Take answers in order of time; the sums are there at any moment."""

    def __init__(self, draft: Policy, *, lifetime_spent: int = 0, privacy_spent: int = 0) -> None:
        self._verdicts = Verdicts(draft)
        self._budgets = DraftBudgets(draft.limits, lifetime=lifetime_spent, privacy=privacy_spent)
        self.refused_by_rule: Counter[str] = Counter()
        self._sums: dict[tuple[str, date], Sums] = {}

    def before(self, answer: PastAnswer) -> None:
        """An answer of before the range: it counts in windows that reach into the range."""
        self._budgets.count(answer.drawn_nano_nats, answer.consumer, answer.at)

    def take(self, answer: PastAnswer) -> None:
        outcome = self._outcome(answer)
        if outcome.rule is not None:
            self.refused_by_rule[outcome.rule] += 1
        sums = self.of(answer.consumer, answer.at.date())
        sums.answers += 1
        sums.refused += outcome.rule is not None
        sums.limited += outcome.limited
        sums.unknown += answer.asked is None
        sums.nano_nats += answer.drawn_nano_nats
        sums.draft_nano_nats += outcome.drawn_nano_nats
        sums.micro_usd += answer.paid_micro_usd
        sums.draft_micro_usd += outcome.paid_micro_usd

    def of(self, consumer: str, day: date) -> Sums:
        sums = self._sums.get((consumer, day))
        if sums is None:
            sums = self._sums[consumer, day] = Sums()
        return sums

    def by_consumer(self) -> dict[str, Sums]:
        by_consumer: dict[str, Sums] = {}
        for (consumer, _), sums in self._sums.items():
            by_consumer.setdefault(consumer, Sums()).add(sums)
        return by_consumer

    def by_day(self) -> dict[date, Sums]:
        by_day: dict[date, Sums] = {}
        for (_, day), sums in self._sums.items():
            by_day.setdefault(day, Sums()).add(sums)
        return by_day

    def total(self) -> Sums:
        total = Sums()
        for sums in self._sums.values():
            total.add(sums)
        return total

    def _outcome(self, answer: PastAnswer) -> Outcome:
        if answer.asked is None:
            self._budgets.spend(answer.drawn_nano_nats, answer.consumer, "open", answer.at)
            return Outcome(answer.drawn_nano_nats, answer.paid_micro_usd)
        verdict = self._verdicts.of(answer.asked, answer.at)
        if isinstance(verdict, Deny):
            return Outcome(0, 0, verdict.rule)
        assert verdict.limits is not None, "the yes of a policy carries limits"
        return self._served(answer, answer.asked, verdict.limits)

    def _served(self, answer: PastAnswer, asked: Asked, limits: Limits) -> Outcome:
        if limits.max_gamma == 0:
            return Outcome(0, 0, NO_VOTE)
        caps = (self._budgets.left(answer.consumer, asked.mode, answer.at), limits.per_answer_nano_nats)
        cap = min((cap for cap in caps if cap is not None), default=None)
        if cap == 0:
            return Outcome(0, 0, SPENT)
        drawn = answer.drawn_nano_nats if cap is None else min(answer.drawn_nano_nats, cap)
        charged = min(answer.charged_nano_nats, drawn)
        self._budgets.spend(drawn, answer.consumer, asked.mode, answer.at)
        return Outcome(drawn, _paid(limits, charged, answer.tokens_delivered),
                       limited=drawn < answer.drawn_nano_nats)  # fmt: skip


def _paid(limits: Limits, charged_nano_nats: int, tokens_delivered: int) -> int:
    price = Price(
        limits.price_micro_usd_per_nat, limits.floor_price_micro_usd, limits.ceiling_price_micro_usd
    )
    charge = charge_micro_usd(price, charged_nano_nats)
    return charge + floor_top_up_micro_usd(price, charge, tokens_delivered)
