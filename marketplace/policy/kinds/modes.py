"""What the owner asks for: the regime with its thresholds, and so the kind of answer it votes in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, cast

from marketplace.policy.clause import Clause
from marketplace.policy.ladder import limits_of
from marketplace.policy.odrl.forms import Limit
from marketplace.policy.odrl.terms import Term
from marketplace.policy.odrl.units import NAT
from marketplace.policy.odrl.values import NUMBER, Named
from marketplace.policy.policy import Policy
from marketplace.policy.problems import Problem
from marketplace.policy.reader import MOST_NATS, Reader
from marketplace.policy.request import NANO, YES, Allow, Deny, PrivacyTerms, Regime, Request

REGIMES = ("privacy", "measurement", "attribution")
_SAID = {
    "privacy": "It votes in private answers only, with a guaranteed bound on what any answer can reveal.",
    "measurement": "Its influence on every answer is measured and capped.",
    "attribution": "Its influence on every answer is measured, and a minimum attribution is asked for.",
}


_REGIME_TERMS = tuple(Term(regime, "RightOperand", _SAID[regime]) for regime in REGIMES)
_FLOOR = Term("attributionPerAnswer", "LeftOperand", "How much an answer rests on the source.")
_PRIVACY_BUDGET = Term(
    "privacyBudget", "LeftOperand", "What the source gives in private answers in its whole life."
)
_PRIVACY_ETA = Term(
    "privacyEta", "LeftOperand", "The clamp of the source's vote at a token of private answers."
)
_PRIVACY_DELTA = Term(
    "privacyDelta", "LeftOperand", "The delta at which the privacy of the source is stated."
)


@dataclass(frozen=True, slots=True)
class Modes(Clause):
    """The privacy regime votes in private answers only, which need a privacy clause."""

    regime: Regime
    privacy: PrivacyTerms | None
    floor_nats: float | None = None

    kind = "regime"
    terms = ("regime", "floor_nats", "privacy")
    forms = (
        Limit(
            Term("regime", "LeftOperand", "What the owner asks for: privacy, measurement or attribution."),
            {"eq": ("regime",)}, Named(words={regime: f"abc:{regime}" for regime in REGIMES}),
            values=_REGIME_TERMS,
        ),
        Limit(_FLOOR, {"gteq": ("floor_nats",)}, NUMBER, NAT),
        Limit(_PRIVACY_BUDGET, {"lteq": ("privacy", "budget_nats")}, NUMBER, NAT),
        Limit(_PRIVACY_ETA, {"lteq": ("privacy", "eta")}, NUMBER),
        Limit(_PRIVACY_DELTA, {"eq": ("privacy", "delta")}, NUMBER),
    )  # fmt: skip

    @classmethod
    def read(cls, reader: Reader) -> Self:
        floor = reader.number("floor_nats", low=0, high=MOST_NATS, open_low=True)
        return cls(_regime(reader), _privacy(reader), floor)

    def verify(self, request: Request) -> Allow | Deny:
        if request.mode == "private" and self.privacy is None:
            reason = "A private answer needs a finite privacy clause; the policy has none."
        elif request.mode == "open" and self.regime == "privacy":
            reason = "The source is in the privacy regime: it votes in private answers only."
        else:
            return YES
        return self.no(request, reason)

    def values(self, request: Request) -> Mapping[str, Any]:
        return {"mode": request.mode, "regime": self.regime}

    def limits(self, so_far: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"regime": self.regime, "privacy": self.privacy, "floor_nats": self.floor_nats}

    def sentences(self) -> Iterator[str]:
        yield _SAID[self.regime]
        if self.floor_nats is not None:
            yield f"An answer that uses it should rest on it by at least {self.floor_nats:,.9g} nats."
        if self.privacy is not None:
            yield (
                f"In private answers it gives {self.privacy.budget_nano_nats / NANO:,.9g} nats in its whole "
                f"life, with at most {self.privacy.eta:g} a token (delta {self.privacy.delta:g})."
            )

    def contradictions(self, policy: Policy) -> Iterator[Problem]:
        if self.regime == "attribution" and self.floor_nats is None:
            yield Problem(
                "$.floor_nats", "The attribution regime needs floor_nats, the attribution it insists on."
            )
        if self.regime != "attribution" and self.floor_nats is not None:
            yield Problem("$.floor_nats", "Only the attribution regime has a floor.")
        if self.regime == "attribution" and policy.limits.max_gamma == 0:
            yield Problem(
                "$.max_gamma", "A source that insists on attribution cannot have no voting right at all."
            )
        least = min(limits_of(policy.limits), key=lambda one: one.most, default=None)
        if self.floor_nats is not None and least is not None and self.floor_nats * NANO > least.most:
            yield Problem("$.floor_nats", f"The floor is more influence than the limit {least.name} allows.")
        yield from self._private(policy)

    def _private(self, policy: Policy) -> Iterator[Problem]:
        if self.regime == "privacy" and self.privacy is None:
            yield Problem(
                "$.privacy", "The privacy regime needs a finite privacy clause: budget_nats, eta and delta."
            )
        if self.regime == "privacy" and policy.limits.quote:
            yield Problem(
                "$.quote", "The privacy regime cannot allow quoting: a quoted passage is a disclosure."
            )


def _regime(reader: Reader) -> Regime:
    value = reader.values.get("regime", "measurement")
    if value not in REGIMES:
        reader.problem("regime", f"The regime must be one of {', '.join(REGIMES)}.")
        return "measurement"
    return cast("Regime", value)


def _privacy(reader: Reader) -> PrivacyTerms | None:
    child = reader.child("privacy", ("budget_nats", "eta", "delta"))
    if child is None:
        return None
    budget = child.nano_nats("budget_nats", open_low=True)
    eta = child.number("eta", low=0, high=100, open_low=True)
    delta = child.number("delta", low=0, high=0.5, open_low=True)
    for key in ("budget_nats", "eta", "delta"):
        if child.values.get(key) is None:
            child.problem(key, "A privacy clause needs this value.")
    if budget is None or eta is None or delta is None:
        return None
    return PrivacyTerms(budget, eta, delta)
