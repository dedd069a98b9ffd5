"""What has to be shown beside an answer that the source voted in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from marketplace.policy.clause import Clause
from marketplace.policy.odrl.forms import TextDuty
from marketplace.policy.odrl.terms import Term
from marketplace.policy.reader import Reader

LONGEST = 300


@dataclass(frozen=True, slots=True)
class AttributionNotice(Clause):
    """The text goes with the answer and stands on the receipt; whoever shows the answer has to show it."""

    text: str | None

    kind = "attribution_notice"
    terms = ("attribution_notice",)
    forms = (
        TextDuty(
            "attribute",
            Term("notice", "LeftOperand", "The text that has to be shown beside an answer."),
            ("attribution_notice",),
        ),
    )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(reader.line("attribution_notice", longest=LONGEST))

    def limits(self, so_far: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"attribution_notice": self.text}

    def sentences(self) -> Iterator[str]:
        if self.text is not None:
            yield f"Whoever shows an answer that it voted in has to show: '{self.text}'."
