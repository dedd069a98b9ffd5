"""How many other sources have to speak before this one does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from marketplace.policy.clause import Clause
from marketplace.policy.odrl.forms import Limit
from marketplace.policy.odrl.terms import Term
from marketplace.policy.odrl.values import NUMBER
from marketplace.policy.reader import Reader
from marketplace.policy.request import YES, Allow, Deny, Request

MOST = 64


@dataclass(frozen=True, slots=True)
class Coalition(Clause):
    """Judged when seats are given (`inference.coalitions`); 0 is no such condition."""

    least: int

    kind = "coalition"
    terms = ("minimum_coalition",)
    forms = (
        Limit(
            Term("coalition", "LeftOperand", "How many other sources vote in the answer."),
            {"gteq": ("minimum_coalition",)},
            NUMBER,
        ),
    )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(reader.whole("minimum_coalition", low=0, high=MOST) or 0)

    def verify(self, request: Request) -> Allow | Deny:
        if self.least == 0:
            return YES
        if request.others is None:
            return Allow(later="seats")
        speaking = len(request.others)
        if speaking >= self.least:
            return YES
        return self.no(request, f"It votes only if at least {self.least} other sources do; {speaking} would.")

    def values(self, request: Request) -> Mapping[str, Any]:
        others = None if request.others is None else len(request.others)
        return {"least_others": self.least, "others": others}

    def sentences(self) -> Iterator[str]:
        if self.least == 1:
            yield "It votes only if another source votes too."
        elif self.least:
            yield f"It votes only if at least {self.least} other sources vote too."
