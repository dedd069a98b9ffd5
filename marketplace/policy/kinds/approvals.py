"""Whether the owner has to approve of a consumer first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from marketplace.policy.clause import Clause
from marketplace.policy.odrl.forms import BareDuty
from marketplace.policy.purposes import lineage
from marketplace.policy.reader import Reader
from marketplace.policy.request import YES, Allow, Deny, Request

CHOICES = ("none", "required")
ASK = "Ask for it, or confirm new terms: /v1/agreements, or Agreements in the portal."


@dataclass(frozen=True, slots=True)
class Approvals(Clause):
    """An approval is for the purposes that the consumer stated, and for those below them."""

    required: bool

    kind = "approval"
    terms = ("approval",)
    forms = (BareDuty("obtainConsent", ("approval",), "required"),)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        if reader.values.get("approval") is None:
            return cls(required=False)
        return cls(required=reader.choice("approval", CHOICES) == "required")

    def verify(self, request: Request) -> Allow | Deny:
        if not self.required:
            return YES
        approved = frozenset() if request.agreement is None else request.agreement.approved_for
        if not approved:
            return self.no(
                request, f"The owner has not approved of '{request.consumer}' under these terms yet. {ASK}"
            )
        if approved.isdisjoint(lineage(request.purpose)):
            return self.no(request, f"The owner has not approved of the purpose '{request.purpose}'. {ASK}")
        return YES

    def values(self, request: Request) -> Mapping[str, Any]:
        approved = None if request.agreement is None else sorted(request.agreement.approved_for)
        return {"consumer": request.consumer, "purpose": request.purpose, "approved_for": approved}

    def sentences(self) -> Iterator[str]:
        if self.required:
            yield "Every organisation has to state its purpose and be approved by the owner first."
