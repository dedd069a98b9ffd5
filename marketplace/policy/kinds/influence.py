"""How much influence the source gives: in one answer, in windows, in its whole life."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, cast

from marketplace.policy.clause import Clause
from marketplace.policy.ladder import limits_of
from marketplace.policy.odrl.forms import Limit, Series
from marketplace.policy.odrl.terms import Term
from marketplace.policy.odrl.units import NAT
from marketplace.policy.odrl.values import NUMBER
from marketplace.policy.policy import Policy
from marketplace.policy.problems import Problem
from marketplace.policy.reader import Reader
from marketplace.policy.request import NANO, Limits
from marketplace.policy.windows import CONSUMERS, KINDS, PERS, Consumers, Kind, Per, Window

_PER_ANSWER = Term("influencePerAnswer", "LeftOperand", "The source's influence on one answer.")
_PER_CONSUMER_DAY = Term(
    "influencePerConsumerDay", "LeftOperand", "Its influence on one organisation's answers in a UTC day."
)
_LIFETIME = Term("influence", "LeftOperand", "Its influence on all answers together, for ever.")
_IN_WINDOW = Term("influenceInWindow", "LeftOperand", "Its influence on the answers of a window.")
_WINDOW = Term("window", "Property", "Which window a constraint on influenceInWindow is about.")
_WINDOW_TERMS = tuple(
    Term(
        f"{per}-{kind}-{consumers}", "RightOperand", f"In {Window(per, kind, consumers, 0).stretch}, {whose}."
    )
    for per in PERS
    for kind in KINDS
    for consumers, whose in zip(CONSUMERS, ("each organisation by itself", "all together"), strict=True)
)


@dataclass(frozen=True, slots=True)
class Influence(Clause):
    """In nano-nats; None is unlimited. The accounts of the source hold these limits, not this clause."""

    per_answer: int | None
    per_consumer_day: int | None
    lifetime: int | None
    windows: tuple[Window, ...]

    kind = "influence"
    terms = ("influence_nats",)
    forms = (
        Limit(_PER_ANSWER, {"lteq": ("influence_nats", "per_answer")}, NUMBER, NAT),
        Limit(_PER_CONSUMER_DAY, {"lteq": ("influence_nats", "per_consumer_day")}, NUMBER, NAT),
        Limit(_LIFETIME, {"lteq": ("influence_nats", "lifetime")}, NUMBER, NAT),
        Series(
            _IN_WINDOW, ("influence_nats", "windows"), "nats", _WINDOW, ("per", "kind", "consumers"), NAT,
            _WINDOW_TERMS,
        ),
    )  # fmt: skip

    @classmethod
    def read(cls, reader: Reader) -> Self:
        child = reader.child("influence_nats", ("per_answer", "per_consumer_day", "lifetime", "windows"))
        if child is None:
            return cls(None, None, None, ())
        return cls(
            per_answer=child.nano_nats("per_answer"),
            per_consumer_day=child.nano_nats("per_consumer_day"),
            lifetime=child.nano_nats("lifetime"),
            windows=_windows(child),
        )

    def limits(self, so_far: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "per_answer_nano_nats": self.per_answer,
            "per_consumer_day_nano_nats": self.per_consumer_day,
            "lifetime_nano_nats": self.lifetime,
            "windows": self.windows,
        }

    def sentences(self) -> Iterator[str]:
        for words, value in (
            ("one answer", self.per_answer),
            *((_whose(window), window.nano_nats) for window in Limits(**self.limits({})).all_windows),
            ("all answers together, for ever", self.lifetime),
        ):
            if value is not None:
                yield f"It moves {words} by at most {value / NANO:,.9g} nats."

    def contradictions(self, policy: Policy) -> Iterator[Problem]:
        ladder = limits_of(policy.limits)
        yield from self._twice()
        for index, limit in enumerate(ladder):
            wider = next(
                (one for one in ladder[index + 1 :] if limit.within(one) and limit.most > one.most), None
            )
            if wider is not None:
                yield Problem(limit.path, f"The limit {limit.name} is larger than the limit {wider.name}.")

    def _twice(self) -> Iterator[Problem]:
        """The same window with two limits: one of them would be a guess."""
        seen = {"day-calendar-each"} if self.per_consumer_day is not None else set()
        for number, window in enumerate(self.windows):
            if window.key in seen:
                short = " (per_consumer_day is the same window)" if window.key == "day-calendar-each" else ""
                yield Problem(
                    f"$.influence_nats.windows[{number}]",
                    f"The {window.kind} {window.per} for {window.consumers} is there already{short}.",
                )
            seen.add(window.key)


def _windows(influence: Reader) -> tuple[Window, ...]:
    read = (_window(one) for one in influence.children("windows", ("per", "kind", "consumers", "nats")))
    return tuple(window for window in read if window is not None)


def _window(reader: Reader) -> Window | None:
    """All four are needed: a window that does not say which kind it is would be a guess."""
    per, kind, consumers = (
        reader.choice(key, known) for key, known in (("per", PERS), ("kind", KINDS), ("consumers", CONSUMERS))
    )
    if reader.values.get("nats") is None:
        reader.problem("nats", "A window needs its limit; leave the whole window out for no limit.")
        return None
    nano_nats = reader.nano_nats("nats")
    if per is None or kind is None or consumers is None or nano_nats is None:
        return None
    return Window(cast("Per", per), cast("Kind", kind), cast("Consumers", consumers), nano_nats)


def _whose(window: Window) -> str:
    everybody = "all answers together" if window.consumers == "all" else "the answers of one organisation"
    return f"{everybody} in {window.stretch}"
