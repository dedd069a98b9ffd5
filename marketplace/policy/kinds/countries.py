"""From which countries the source may be used: the confirmed country of the organisation that asks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from marketplace.policy.clause import Clause
from marketplace.policy.countries import COUNTRIES, known
from marketplace.policy.odrl.forms import Members
from marketplace.policy.odrl.values import Named
from marketplace.policy.policy import Policy
from marketplace.policy.problems import Problem
from marketplace.policy.reader import Reader
from marketplace.policy.request import YES, Allow, Deny, Request
from marketplace.policy.words import listed


@dataclass(frozen=True, slots=True)
class Countries(Clause):
    """`allow` None is every country. An organisation whose country is not known is in none of them."""

    allow: frozenset[str] | None
    deny: frozenset[str]

    kind = "country"
    terms = ("countries",)
    forms = (Members("spatial", Named({"": "iso3166:"}), ("countries", "allow"), ("countries", "deny")),)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        child = reader.child("countries", ("allow", "deny"))
        if child is None:
            return cls(None, frozenset())
        allow, deny = child.terms("allow"), child.terms("deny")
        for key, codes in (("allow", allow), ("deny", deny)):
            for code in sorted(codes):
                if not known(code):
                    child.problem(key, f"'{code[:64]}' is not an ISO 3166-1 alpha-2 code, like DE or KE.")
        if child.values.get("allow") is None:
            return cls(None, deny)
        if not allow:
            child.problem("allow", "An empty list allows no country; leave it out to allow every country.")
        return cls(allow, deny)

    def verify(self, request: Request) -> Allow | Deny:
        if self.allow is None and not self.deny:
            return YES
        if request.country is None:
            return self.no(request, f"The country of '{request.consumer}' is not confirmed, and it matters.")
        name = COUNTRIES.get(request.country, request.country)
        if request.country in self.deny:
            return self.no(request, f"The policy denies organisations in {name}.")
        if self.allow is not None and request.country not in self.allow:
            return self.no(request, f"The policy does not allow organisations in {name}.")
        return YES

    def values(self, request: Request) -> Mapping[str, Any]:
        allowed = None if self.allow is None else sorted(self.allow)
        return {"country": request.country, "allowed": allowed, "denied": sorted(self.deny)}

    def sentences(self) -> Iterator[str]:
        if self.allow is not None:
            yield f"Only organisations in {listed(_names(self.allow))} may use it."
        elif self.deny:
            yield f"Organisations in {listed(_names(self.deny), 'or')} may not use it."

    def contradictions(self, policy: Policy) -> Iterator[Problem]:
        for code in sorted((self.allow or frozenset()) & self.deny):
            yield Problem("$.countries", f"The country {COUNTRIES[code]} is both allowed and denied.")


def _names(codes: Iterable[str]) -> list[str]:
    return sorted(COUNTRIES[code] for code in codes)
