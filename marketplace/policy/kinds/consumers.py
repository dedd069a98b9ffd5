"""Which organisations may rest answers on the source: by name, by group, by a domain that they proved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from marketplace.policy.clause import Clause
from marketplace.policy.odrl.forms import Members
from marketplace.policy.odrl.terms import Term
from marketplace.policy.parties import (
    DOMAIN,
    GROUP,
    ODRL_NAMES,
    ODRL_WORDS,
    is_party,
    name_of,
    names_above,
    names_of,
)
from marketplace.policy.policy import Policy
from marketplace.policy.problems import Problem
from marketplace.policy.purposes import ANY
from marketplace.policy.reader import Reader
from marketplace.policy.request import YES, Allow, Deny, Request
from marketplace.policy.words import listed, without


@dataclass(frozen=True, slots=True)
class Consumers(Clause):
    """`*` is everybody; nobody where it is absent. A denied domain is denied with all domains below it."""

    allow: frozenset[str]
    deny: frozenset[str]

    kind = "consumer"
    terms = ("consumers",)
    forms = (
        Members(
            "recipient", ODRL_NAMES, ("consumers", "allow"), ("consumers", "deny"), anybody=ANY,
            nobody=Term("nobody", "RightOperand", "As recipient: no organisation may use the source."),
            values=ODRL_WORDS,
        ),
    )  # fmt: skip

    @classmethod
    def read(cls, reader: Reader) -> Self:
        allow, deny = reader.allow_deny("consumers")
        for key, terms in (("allow", allow), ("deny", deny)):
            for term in sorted(terms - {ANY}):
                if not is_party(term):
                    reader.problem(
                        f"consumers.{key}",
                        f"'{term[:64]}' is not the slug of an organisation, nor group: and a slug, nor "
                        "domain: and a domain in lower case.",
                    )
        return cls(allow, deny)

    def verify(self, request: Request) -> Allow | Deny:
        names = names_of(request)
        denied = self.deny & (names | names_above(request)) if self.deny else None
        if denied:
            return self.no(request, f"The policy denies {name_of(min(denied))}.")
        if ANY in self.allow or not self.allow.isdisjoint(names):
            return YES
        return self.no(request, f"The policy does not allow {name_of(request.consumer)}.")

    def parties(self) -> Iterator[tuple[str, str]]:
        for key, terms in (("allow", self.allow), ("deny", self.deny)):
            yield from ((f"$.consumers.{key}", term) for term in sorted(terms - {ANY}))

    def values(self, request: Request) -> Mapping[str, Any]:
        return {
            "consumer": request.consumer,
            "groups": sorted(request.groups),
            "domains": sorted(request.domains),
            "allowed": sorted(self.allow),
            "denied": sorted(self.deny),
        }

    def sentences(self) -> Iterator[str]:
        denied = [name_of(term) for term in sorted(self.deny)]
        if not self.allow:
            yield "No organisation may use it: nobody is allowed yet."
        elif ANY in self.allow:
            yield f"Every organisation may use it{without(denied)}."
        else:
            allowed = [name_of(term) for term in sorted(self.allow)]
            yield f"Only {listed(allowed)} may use it{without(denied)}."

    def contradictions(self, policy: Policy) -> Iterator[Problem]:
        for term in sorted(self.allow & self.deny):
            said = name_of(term)
            yield Problem("$.consumers", f"{said[0].upper()}{said[1:]} is both allowed and denied.")

    def reaches(self, term: str) -> bool:
        """Whether a consumer of this name can be allowed at all: it may be so by another of its names."""
        by_another = any(one.startswith((GROUP, DOMAIN)) for one in {term, *self.allow}) and bool(self.allow)
        return term not in self.deny and (ANY in self.allow or term in self.allow or by_another)
