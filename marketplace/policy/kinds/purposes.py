"""What an answer may be for; a term covers the terms below it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from marketplace.policy.clause import Clause
from marketplace.policy.odrl.forms import Members
from marketplace.policy.odrl.terms import Term
from marketplace.policy.odrl.values import Named
from marketplace.policy.policy import Policy
from marketplace.policy.problems import UNKNOWN_TERM, Problem
from marketplace.policy.purposes import ANY, PURPOSES, known, lineage
from marketplace.policy.reader import Reader
from marketplace.policy.request import YES, Allow, Deny, Request
from marketplace.policy.words import listed, without

ODRL_PURPOSES = Named({"": "abc-purpose:"}, {ANY: "abc:anyPurpose"})


@dataclass(frozen=True, slots=True)
class Purposes(Clause):
    """`*` is every purpose; none where it is absent."""

    allow: frozenset[str]
    deny: frozenset[str]

    kind = "purpose"
    terms = ("purposes",)
    forms = (
        Members(
            "purpose", ODRL_PURPOSES, ("purposes", "allow"), ("purposes", "deny"), anybody=ANY,
            nobody=Term("noPurpose", "RightOperand", "As purpose: the source may be used for none."),
            values=(Term("anyPurpose", "RightOperand", "As purpose, beside others: every one."),),
        ),
    )  # fmt: skip

    @classmethod
    def read(cls, reader: Reader) -> Self:
        allow, deny = reader.allow_deny("purposes")
        for key, terms in (("allow", allow), ("deny", deny)):
            for term in sorted(terms - {ANY}):
                if not known(term):
                    reader.problem(
                        f"purposes.{key}",
                        f"The purpose '{term}' is not known. Known: {', '.join(PURPOSES)}.",
                        UNKNOWN_TERM,
                    )
        return cls(allow, deny)

    def verify(self, request: Request) -> Allow | Deny:
        line = lineage(request.purpose)
        denied = next((term for term in line if term in self.deny), None)
        if denied is not None:
            includes = "" if denied == request.purpose else f", which includes '{request.purpose}'"
            return self.no(request, f"The policy denies the purpose '{denied}'{includes}.")
        if ANY in self.allow or not self.allow.isdisjoint(line):
            return YES
        return self.no(request, f"The policy does not allow the purpose '{request.purpose}'.")

    def values(self, request: Request) -> Mapping[str, Any]:
        return {"purpose": request.purpose, "allowed": sorted(self.allow), "denied": sorted(self.deny)}

    def reaches(self, term: str) -> bool:
        """Whether a request within `term` can be allowed at all."""
        within = (lineage(slug) for slug in PURPOSES if term in lineage(slug))
        return any(self._allows(line) for line in within)

    def _allows(self, line: Sequence[str]) -> bool:
        return self.deny.isdisjoint(line) and (ANY in self.allow or not self.allow.isdisjoint(line))

    def sentences(self) -> Iterator[str]:
        if not self.allow:
            yield "It may be used for no purpose: none is allowed yet."
        elif ANY in self.allow:
            yield f"It may be used for every purpose{without(_titles(self.deny))}."
        else:
            yield f"It may be used for {listed(_titles(self.allow))}{without(_titles(self.deny))}."

    def contradictions(self, policy: Policy) -> Iterator[Problem]:
        for term in sorted(self.allow):
            over = next((above for above in lineage(term) if above in self.deny), None)
            if over == term:
                yield Problem("$.purposes", f"The purpose '{term}' is both allowed and denied.")
            elif over is not None:
                yield Problem(
                    "$.purposes.allow",
                    f"Allowing '{term}' has no effect, because '{over}', which includes it, is denied.",
                )


def _titles(terms: Iterable[str]) -> list[str]:
    return sorted(PURPOSES[term].title.lower() for term in terms)
