"""What may come out: answers, classifications, quotations. Training of others never does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from marketplace.policy.clause import Clause
from marketplace.policy.odrl.forms import Limit, Members
from marketplace.policy.odrl.terms import Term
from marketplace.policy.odrl.values import FLAG, Named
from marketplace.policy.policy import Policy
from marketplace.policy.problems import Problem
from marketplace.policy.reader import Reader
from marketplace.policy.request import YES, Allow, Deny, Request
from marketplace.policy.words import listed

TRAINING = "training"
OUTPUTS = {"answer": "answers", "classification": "classifications", "quotation": "quotations"}
_NEVER = "No model of others may be trained on it or on what it says; no policy can allow that."


_OUTPUT_TERMS = (
    Term("answer", "RightOperand", "Text that rests on the source."),
    Term("classification", "RightOperand", "A choice among given labels that rests on the source."),
    Term("quotation", "RightOperand", "Passages of the source, word for word."),
)


@dataclass(frozen=True, slots=True)
class Outputs(Clause):
    """`allow` None is answers and classifications, and quotations where quoting is allowed."""

    quote: bool
    allow: frozenset[str] | None = None

    kind = "output"
    terms = ("quote", "outputs")
    forms = (
        Members(
            Term("outputKind", "LeftOperand", "What comes out: an answer, a classification, a quotation."),
            Named(words={word: f"abc:{word}" for word in OUTPUTS}), ("outputs", "allow"),
            values=_OUTPUT_TERMS,
        ),
        Limit(
            Term("quoting", "LeftOperand", "Whether passages of the source may be shown."),
            {"eq": ("quote",)}, FLAG,
        ),
    )  # fmt: skip

    @classmethod
    def read(cls, reader: Reader) -> Self:
        child, quote = reader.child("outputs", ("allow",)), reader.flag("quote")
        if child is None:
            return cls(quote)
        allow = child.terms("allow")
        if not allow:
            child.problem(
                "allow", f"Name at least one of {', '.join(OUTPUTS)}; without outputs, leave it out."
            )
        for term in sorted(allow - set(OUTPUTS)):
            if term == TRAINING:
                child.problem("allow", "Training of others is never allowed; take it out of the list.")
            else:
                child.problem("allow", f"'{term[:64]}' is not known. Known: {', '.join(OUTPUTS)}.")
        return cls(quote, allow)

    @property
    def allowed(self) -> frozenset[str]:
        if self.allow is not None:
            return self.allow
        return frozenset({"answer", "classification"} | ({"quotation"} if self.quote else set()))

    def verify(self, request: Request) -> Allow | Deny:
        if request.output in self.allowed:
            return YES
        return self.no(request, f"The policy does not allow {OUTPUTS[request.output]}.")

    def values(self, request: Request) -> Mapping[str, Any]:
        return {"output": request.output, "allowed": sorted(self.allowed)}

    def limits(self, so_far: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"quote": self.quote}

    def sentences(self) -> Iterator[str]:
        if self.allow is not None:
            yield f"It may be used for {listed([OUTPUTS[term] for term in sorted(self.allow)])} only."
        yield "Its passages may be quoted." if self.quote else "Its passages are never shown."
        yield _NEVER

    def contradictions(self, policy: Policy) -> Iterator[Problem]:
        if self.allow is None:
            return
        if self.quote and "quotation" not in self.allow:
            yield Problem(
                "$.outputs.allow", "The policy allows quoting (quote), but quotation is not in this list."
            )
        if not self.quote and "quotation" in self.allow:
            yield Problem(
                "$.outputs.allow", "This list has quotation, but the policy forbids quoting (quote)."
            )
