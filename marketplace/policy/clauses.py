"""The clauses of a policy: each answers one request for one reason, and nothing else."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from marketplace.policy.purposes import ANY, lineage
from marketplace.policy.request import Allow, Deny, PrivacyTerms, Regime, Request


class Clause(Protocol):
    """One condition of a policy."""

    def verify(self, request: Request) -> Allow | Deny: ...


@dataclass(frozen=True, slots=True)
class Consumers:
    """Which organisations may rest answers on the source; `*` is everybody."""

    allow: frozenset[str]
    deny: frozenset[str]

    def verify(self, request: Request) -> Allow | Deny:
        if request.consumer in self.deny:
            return Deny("consumer", f"The policy denies the organisation '{request.consumer}'.")
        if ANY in self.allow or request.consumer in self.allow:
            return Allow()
        return Deny("consumer", f"The policy does not allow the organisation '{request.consumer}'.")


@dataclass(frozen=True, slots=True)
class Purposes:
    """What an answer may be for; a term covers the terms below it."""

    allow: frozenset[str]
    deny: frozenset[str]

    def verify(self, request: Request) -> Allow | Deny:
        line = lineage(request.purpose)
        denied = next((term for term in line if term in self.deny), None)
        if denied is not None:
            return Deny("purpose", f"The policy denies the purpose '{denied}'{_within(request, denied)}.")
        if ANY in self.allow or not self.allow.isdisjoint(line):
            return Allow()
        return Deny("purpose", f"The policy does not allow the purpose '{request.purpose}'.")


def _within(request: Request, term: str) -> str:
    return "" if term == request.purpose else f", which includes '{request.purpose}'"


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """From when until when; the start belongs to it, the end does not."""

    valid_from: datetime | None
    valid_until: datetime | None

    def verify(self, request: Request) -> Allow | Deny:
        if self.valid_from is not None and request.now < self.valid_from:
            return Deny("time", f"The policy is in force from {self.valid_from.isoformat()}.")
        if self.valid_until is not None and request.now >= self.valid_until:
            return Deny("time", f"The policy ended at {self.valid_until.isoformat()}.")
        return Allow()


@dataclass(frozen=True, slots=True)
class Modes:
    """Which kind of answer: the privacy regime votes in private ones only, which need a privacy clause."""

    regime: Regime
    privacy: PrivacyTerms | None

    def verify(self, request: Request) -> Allow | Deny:
        if request.mode == "private" and self.privacy is None:
            return Deny("regime", "A private answer needs a finite privacy clause; the policy has none.")
        if request.mode == "open" and self.regime == "privacy":
            return Deny("regime", "The source is in the privacy regime: it votes in private answers only.")
        return Allow()
