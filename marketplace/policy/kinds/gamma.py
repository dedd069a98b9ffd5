"""The ceiling on the source's voting right."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from marketplace.policy.clause import Clause
from marketplace.policy.odrl.forms import Limit
from marketplace.policy.odrl.terms import Term
from marketplace.policy.odrl.values import NUMBER
from marketplace.policy.reader import Reader


@dataclass(frozen=True, slots=True)
class Gamma(Clause):
    """1 is a full vote, 0 none at all."""

    most: float

    kind = "gamma"
    terms = ("max_gamma",)
    forms = (
        Limit(
            Term("gamma", "LeftOperand", "The source's voting right in an answer, from 0 to 1."),
            {"lteq": ("max_gamma",)},
            NUMBER,
        ),
    )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        most = reader.number("max_gamma", low=0, high=1)
        return cls(1.0 if most is None else most)

    def limits(self, so_far: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"max_gamma": self.most}

    def sentences(self) -> Iterator[str]:
        if self.most < 1:
            yield f"Its voting right is at most {self.most:.0%}."
