"""Every limit on one source's nats in one answer, side by side, each with whoever set it. Step 5 (plan).

Pure. A limit that nobody set is not in the list; the smallest of those that are is the seat's cap.
"""

from dataclasses import dataclass
from decimal import Decimal

from accounting.maths.units import nano_nats_down

MAX_INFLUENCE = "abc.max_influence_nats"
PER_ANSWER = "influence_nats.per_answer"
BUDGETS_LEFT = "budgets_left"
LENGTH = "tokens"
MAX_PRICE = "abc.max_price_micro_usd"


@dataclass(frozen=True, slots=True)
class NatsLimit:
    """The most that a source may move this answer, by one limit."""

    owner: str  # user | policy | budget | query_cap
    name: str
    nano_nats: int


def limits_of(
    *,
    max_influence_nats: float | None,
    per_answer_nano_nats: int | None,
    left_nano_nats: int | None,
    most_nano_nats: int,
) -> tuple[NatsLimit, ...]:
    """In the order in which ties are decided; never empty, because `most_nano_nats` always stands."""
    wished = None if max_influence_nats is None else nano_nats_down(Decimal(str(max_influence_nats)))
    every = (
        ("user", MAX_INFLUENCE, wished),
        ("policy", PER_ANSWER, per_answer_nano_nats),
        ("budget", BUDGETS_LEFT, left_nano_nats),
        ("query_cap", LENGTH, most_nano_nats),
    )
    return tuple(NatsLimit(owner, name, nats) for owner, name, nats in every if nats is not None)
