"""The influence limits of a policy in one order, from the narrowest to the widest, each with its place.

A limit lies within another when all that it counts is counted there too; then it must not be the larger one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from marketplace.policy.request import Limits
from marketplace.policy.windows import CONSUMERS, PERS, Window, is_within


@dataclass(frozen=True, slots=True)
class Limit:
    """`window` is None for the limit of one answer and of the whole life."""

    name: str
    path: str
    most: int
    window: Window | None = None

    def within(self, wider: "Limit") -> bool:
        if self.window is None or wider.window is None:
            return True  # an answer lies in everything, everything in a life
        return is_within(self.window, wider.window)


def limits_of(limits: Limits) -> list[Limit]:
    """Those that are given."""
    return [
        *_one("per_answer", limits.per_answer_nano_nats),
        *sorted(_windows(limits), key=_width),
        *_one("lifetime", limits.lifetime_nano_nats),
    ]


def _one(name: str, most: int | None) -> list[Limit]:
    return [] if most is None else [Limit(name, f"$.influence_nats.{name}", most)]


def _windows(limits: Limits) -> Iterator[Limit]:
    if limits.per_consumer_day_nano_nats is not None:
        yield Limit(
            "per_consumer_day",
            "$.influence_nats.per_consumer_day",
            limits.per_consumer_day_nano_nats,
            Window("day", "calendar", "each", limits.per_consumer_day_nano_nats),
        )
    for number, window in enumerate(limits.windows):
        for_whom = "all consumers" if window.consumers == "all" else "each consumer"
        name = f"of the {window.kind} {window.per} for {for_whom}"
        yield Limit(name, f"$.influence_nats.windows[{number}].nats", window.nano_nats, window)


def _width(limit: Limit) -> tuple[int, int]:
    assert limit.window is not None
    return PERS.index(limit.window.per), CONSUMERS.index(limit.window.consumers)
