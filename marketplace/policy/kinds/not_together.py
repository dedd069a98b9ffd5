"""With which sources this one does not vote in the same answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from marketplace.policy.clause import Clause
from marketplace.policy.odrl.forms import Members
from marketplace.policy.odrl.terms import Term
from marketplace.policy.odrl.values import Named
from marketplace.policy.parties import UNDISCLOSED, is_slug
from marketplace.policy.reader import Reader
from marketplace.policy.request import YES, Allow, Deny, Request
from marketplace.policy.words import listed, quoted

MOST = 100


@dataclass(frozen=True, slots=True)
class NotTogether(Clause):
    """Judged when seats are given (`inference.coalitions`), which decides who of the two leaves."""

    sources: frozenset[str]

    kind = "not_together"
    terms = ("not_together_with",)
    forms = (
        Members(
            Term("coSource", "LeftOperand", "The other sources that vote in the answer."),
            Named({"": "abc-source:"}, {UNDISCLOSED: "abc:undisclosed"}), ("not_together_with",),
            operator="isNoneOf",
        ),
    )  # fmt: skip

    @classmethod
    def read(cls, reader: Reader) -> Self:
        sources = reader.terms("not_together_with")
        for slug in sorted(sources):
            if not is_slug(slug):
                reader.problem("not_together_with", f"'{slug[:64]}' is not the slug of a source.")
        if len(sources) > MOST:
            reader.problem("not_together_with", f"This list may have at most {MOST} sources.")
        return cls(sources)

    def verify(self, request: Request) -> Allow | Deny:
        if not self.sources:
            return YES
        if request.others is None:
            return Allow(later="seats")
        present = self.sources & request.others
        if not present:
            return YES
        return self.no(request, f"It does not vote together with {listed(quoted(present))}.")

    def values(self, request: Request) -> Mapping[str, Any]:
        present = self.sources & (request.others or frozenset())
        return {"not_together_with": sorted(self.sources), "present": sorted(present)}

    def sentences(self) -> Iterator[str]:
        if UNDISCLOSED in self.sources:
            yield "It does not vote in the same answer as sources that its owner has named."
        elif self.sources:
            yield f"It does not vote in the same answer as {listed(quoted(self.sources), 'or')}."
