"""From when until when the policy is in force."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from marketplace.policy.clause import Clause
from marketplace.policy.odrl.forms import Limit
from marketplace.policy.odrl.values import MOMENT
from marketplace.policy.policy import Policy
from marketplace.policy.problems import Problem
from marketplace.policy.reader import Reader
from marketplace.policy.request import YES, Allow, Deny, Request


@dataclass(frozen=True, slots=True)
class TimeWindow(Clause):
    """The start belongs to it, the end does not."""

    valid_from: datetime | None
    valid_until: datetime | None

    kind = "time"
    terms = ("valid_from", "valid_until")
    forms = (Limit("dateTime", {"gteq": ("valid_from",), "lt": ("valid_until",)}, MOMENT),)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(reader.moment("valid_from"), reader.moment("valid_until"))

    def verify(self, request: Request) -> Allow | Deny:
        if self.valid_from is not None and request.now < self.valid_from:
            return self.no(request, f"The policy is in force from {self.valid_from.isoformat()}.")
        if self.valid_until is not None and request.now >= self.valid_until:
            return self.no(request, f"The policy ended at {self.valid_until.isoformat()}.")
        return YES

    def values(self, request: Request) -> Mapping[str, Any]:
        return {
            "now": request.now.isoformat(),
            "valid_from": None if self.valid_from is None else self.valid_from.isoformat(),
            "valid_until": None if self.valid_until is None else self.valid_until.isoformat(),
        }

    def sentences(self) -> Iterator[str]:
        if self.valid_from is not None:
            yield f"Not before {self.valid_from:%d %B %Y, %H:%M %Z}."
        if self.valid_until is not None:
            yield f"Not after {self.valid_until:%d %B %Y, %H:%M %Z}."

    def contradictions(self, policy: Policy) -> Iterator[Problem]:
        start, end = self.valid_from, self.valid_until
        if start is not None and end is not None and start >= end:
            yield Problem(
                "$.valid_until", "The policy ends before it begins: valid_until must be after valid_from."
            )
