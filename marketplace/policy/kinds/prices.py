"""What the source costs: a price a nat, and the least and the most of one answer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from marketplace.policy.clause import Clause
from marketplace.policy.policy import Policy
from marketplace.policy.problems import Problem
from marketplace.policy.reader import Reader
from marketplace.policy.request import Limits


@dataclass(frozen=True, slots=True)
class Prices(Clause):
    """Whole micro-USD."""

    per_nat: int
    floor: int
    ceiling: int | None

    kind = "price"
    terms = ("price_micro_usd_per_nat", "floor_price_micro_usd", "ceiling_price_micro_usd")

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(
            per_nat=reader.micro_usd("price_micro_usd_per_nat") or 0,
            floor=reader.micro_usd("floor_price_micro_usd") or 0,
            ceiling=reader.micro_usd("ceiling_price_micro_usd"),
        )

    def limits(self, so_far: Limits) -> Limits:
        return replace(
            so_far,
            price_micro_usd_per_nat=self.per_nat,
            floor_price_micro_usd=self.floor,
            ceiling_price_micro_usd=self.ceiling,
        )

    def sentences(self) -> Iterator[str]:
        yield f"It costs {self.per_nat:,} micro-USD a nat of influence."
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
