"""Which organisations may rest answers on the source."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from marketplace.policy.clause import Clause
from marketplace.policy.policy import Policy
from marketplace.policy.problems import Problem
from marketplace.policy.purposes import ANY
from marketplace.policy.reader import Reader
from marketplace.policy.request import YES, Allow, Deny, Request
from marketplace.policy.words import listed, without

_SLUG = re.compile(r"[a-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Consumers(Clause):
    """`*` is everybody; nobody where it is absent."""

    allow: frozenset[str]
    deny: frozenset[str]

    kind = "consumer"
    terms = ("consumers",)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        allow, deny = reader.allow_deny("consumers")
        for key, terms in (("allow", allow), ("deny", deny)):
            for term in sorted(terms - {ANY}):
                if not _SLUG.fullmatch(term):
                    reader.problem(f"consumers.{key}", f"'{term[:64]}' is not the slug of an organisation.")
        return cls(allow, deny)

    def verify(self, request: Request) -> Allow | Deny:
        if request.consumer in self.deny:
            return self._deny(request, f"The policy denies the organisation '{request.consumer}'.")
        if ANY in self.allow or request.consumer in self.allow:
            return YES
        return self._deny(request, f"The policy does not allow the organisation '{request.consumer}'.")

    def _deny(self, request: Request, reason: str) -> Deny:
        values = {"consumer": request.consumer, "allowed": sorted(self.allow), "denied": sorted(self.deny)}
        return Deny(self.kind, reason, values)

    def sentences(self) -> Iterator[str]:
        if not self.allow:
            yield "No organisation may use it: nobody is allowed yet."
        elif ANY in self.allow:
            yield f"Every organisation may use it{without(sorted(self.deny))}."
        else:
            yield f"Only {listed(sorted(self.allow))} may use it."

    def contradictions(self, policy: Policy) -> Iterator[Problem]:
        for slug in sorted(self.allow & self.deny):
            yield Problem("$.consumers", f"The organisation '{slug}' is both allowed and denied.")
