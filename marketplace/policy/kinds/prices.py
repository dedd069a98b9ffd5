"""What the source costs: a price a nat, for all or for some, and the least and the most of one answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from marketplace.policy.clause import Clause
from marketplace.policy.kinds.consumers import Consumers
from marketplace.policy.kinds.purposes import ODRL_PURPOSES, Purposes
from marketplace.policy.odrl.forms import Compensation
from marketplace.policy.odrl.terms import Term
from marketplace.policy.odrl.units import MICRO_USD, MICRO_USD_PER_NAT
from marketplace.policy.parties import DOMAIN, GROUP, ODRL_NAMES, is_party, name_of, names_of
from marketplace.policy.policy import Policy
from marketplace.policy.problems import Problem
from marketplace.policy.purposes import PURPOSES, known, lineage
from marketplace.policy.reader import Reader
from marketplace.policy.request import Limits, Request

MOST_RULES = 100


_LEAST = Term("leastPerAnswer", "LeftOperand", "What every answer that the source votes in pays at least.")
_MOST = Term("mostPerAnswer", "LeftOperand", "What no answer pays more than.")
_RANK = Term(
    "rank", "LeftOperand", "The place, from 1 on, of a price that is for some consumers or purposes only."
)


@dataclass(frozen=True, slots=True)
class PriceRule:
    """The price of those for whom everything that it names is so."""

    consumer: str | None
    purpose: str | None
    per_nat: int

    def matches(self, names: frozenset[str], line: tuple[str, ...]) -> bool:
        return (self.consumer is None or self.consumer in names) and (
            self.purpose is None or self.purpose in line
        )

    @property
    def width(self) -> tuple[int, int]:
        """Greater is more specific: an organisation, a domain, a group; then how deep the purpose lies."""
        return _narrowness(self.consumer), 0 if self.purpose is None else len(lineage(self.purpose))

    def words(self) -> str:
        whom = "" if self.consumer is None else f" for {name_of(self.consumer)}"
        what = "" if self.purpose is None else f" for {PURPOSES[self.purpose].title.lower()}"
        return whom + what


@dataclass(frozen=True, slots=True)
class Prices(Clause):
    """Whole micro-USD. The most specific rule wins, the first of those that are equally so."""

    per_nat: int
    floor: int
    ceiling: int | None
    rules: tuple[PriceRule, ...] = ()

    kind = "price"
    terms = ("price_micro_usd_per_nat", "floor_price_micro_usd", "ceiling_price_micro_usd", "prices")
    forms = (
        Compensation(
            {
                "price_micro_usd_per_nat": ("payAmount", MICRO_USD_PER_NAT),
                "floor_price_micro_usd": (_LEAST, MICRO_USD),
                "ceiling_price_micro_usd": (_MOST, MICRO_USD),
            },
            ("prices",),
            {"consumer": ("recipient", ODRL_NAMES), "purpose": ("purpose", ODRL_PURPOSES)},
            _RANK,
        ),
    )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(
            per_nat=reader.micro_usd("price_micro_usd_per_nat") or 0,
            floor=reader.micro_usd("floor_price_micro_usd") or 0,
            ceiling=reader.micro_usd("ceiling_price_micro_usd"),
            rules=_rules(reader),
        )

    def limits(self, so_far: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "price_micro_usd_per_nat": self.per_nat,
            "floor_price_micro_usd": self.floor,
            "ceiling_price_micro_usd": self.ceiling,
        }

    def limits_for(self, so_far: Limits, request: Request) -> Limits:
        place = self._place_for(request)
        if place is None:
            return so_far
        return replace(
            so_far, price_micro_usd_per_nat=self.rules[place].per_nat, price_rule=f"$.prices[{place}]"
        )

    def _place_for(self, request: Request) -> int | None:
        """Of the most specific rule that matches."""
        if not self.rules:
            return None
        names, line = names_of(request), lineage(request.purpose)
        places = [place for place, one in enumerate(self.rules) if one.matches(names, line)]
        return max(places, key=lambda place: self.rules[place].width, default=None)

    def by_purpose(self) -> dict[str, int]:
        """The prices that depend on the purpose alone."""
        return {one.purpose: one.per_nat for one in self.rules if one.purpose and one.consumer is None}

    def parties(self) -> Iterator[tuple[str, str]]:
        for place, rule in enumerate(self.rules):
            if rule.consumer is not None:
                yield f"$.prices[{place}].consumer", rule.consumer

    def values(self, request: Request) -> Mapping[str, Any]:
        limits = self.limits_for(Limits(**self.limits({})), request)
        return {
            "price_micro_usd_per_nat": limits.price_micro_usd_per_nat,
            "price_rule": limits.price_rule,
            "consumer": request.consumer,
            "purpose": request.purpose,
        }

    def sentences(self) -> Iterator[str]:
        yield f"It costs {self.per_nat:,} micro-USD a nat of influence."
        for rule in self.rules:
            yield f"It costs {rule.per_nat:,} micro-USD a nat{rule.words()}."
        if len(self.rules) > 1:
            yield "Where several prices fit, the most specific one counts, and the answer says which it was."
        if self.floor:
            yield f"Every answer it votes in pays at least {self.floor:,} micro-USD."
        if self.ceiling is not None:
            yield f"No answer pays it more than {self.ceiling:,} micro-USD."

    def contradictions(self, policy: Policy) -> Iterator[Problem]:
        if self.ceiling is not None and self.ceiling < self.floor:
            yield Problem(
                "$.ceiling_price_micro_usd",
                f"The most that an answer pays ({self.ceiling} micro-USD) is below the least "
                f"({self.floor} micro-USD).",
            )
        for place, rule in enumerate(self.rules):
            why = _why_never(rule, self.rules[:place], policy)
            if why is not None:
                yield Problem(f"$.prices[{place}]", f"This price is never asked: {why}.")


def _narrowness(consumer: str | None) -> int:
    if consumer is None:
        return 0
    return 1 if consumer.startswith(GROUP) else 2 if consumer.startswith(DOMAIN) else 3


def _rules(reader: Reader) -> tuple[PriceRule, ...]:
    children = reader.children("prices", ("consumer", "purpose", "price_micro_usd_per_nat"))
    if len(children) > MOST_RULES:
        reader.problem("prices", f"There may be at most {MOST_RULES} prices; there are {len(children)}.")
        return ()
    read = (_rule(child) for child in children)
    return tuple(rule for rule in read if rule is not None)


def _rule(reader: Reader) -> PriceRule | None:
    consumer, purpose = reader.values.get("consumer"), reader.values.get("purpose")
    price = reader.micro_usd("price_micro_usd_per_nat")
    before = len(reader.problems)
    if reader.values.get("price_micro_usd_per_nat") is None:
        reader.problem("price_micro_usd_per_nat", "A price of its own needs its price.")
    if consumer is None and purpose is None:
        reader.problem("purpose", "Say for which purpose or consumer; the price of all others stands above.")
    if consumer is not None and not (isinstance(consumer, str) and is_party(consumer)):
        reader.problem(
            "consumer",
            "This must be the slug of an organisation, group: and a slug, or domain: and a domain.",
        )
    if purpose is not None and not (isinstance(purpose, str) and known(purpose)):
        reader.problem("purpose", f"The purpose is not known. Known: {', '.join(PURPOSES)}.")
    return None if price is None or len(reader.problems) > before else PriceRule(consumer, purpose, price)


def _why_never(rule: PriceRule, before: tuple[PriceRule, ...], policy: Policy) -> str | None:
    if any((one.consumer, one.purpose) == (rule.consumer, rule.purpose) for one in before):
        return "the same consumer and purpose have a price already"
    if rule.purpose is not None and not policy.clause(Purposes).reaches(rule.purpose):
        return f"the purpose '{rule.purpose}' is not allowed"
    if rule.consumer is not None and not policy.clause(Consumers).reaches(rule.consumer):
        return f"{name_of(rule.consumer)} is not allowed"
    return None
