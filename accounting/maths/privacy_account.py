"""What a sum of private charges says so far, and what a ceiling promises: two words, two numbers. Nano-nats.

Step of the way: what an owner is shown. The odometer ("so far") sums the charges of the path that was taken
and is no promise; the filter ("never above") holds for every way of asking (Feldman and Zrnic 2021, th. 4.5).
A charge at order alpha is alpha times a zCDP charge, so one sum gives a whole curve of (epsilon, delta).
Whatever is rounded is rounded up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from accounting.maths import zcdp
from accounting.maths.units import NANO_PER_UNIT

STATED_DELTAS = (1e-5, 1e-6)
REPLACED = 4  # data exchanged for other data: out and in again, at most four times the zCDP charge
SEARCH_ERROR = 1e-9  # relative, of the search for the best order


@dataclass(frozen=True, slots=True)
class Guarantee:
    """(epsilon, delta) for the presence of the source, and for other data in its place."""

    delta: float
    epsilon: float
    epsilon_if_replaced: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One sum of charges in its three forms: nats at alpha, zCDP, and epsilon at each delta."""

    alpha: float
    nano_nats: int
    nano_zcdp: int
    nano_zcdp_if_replaced: int
    guarantees: tuple[Guarantee, ...]


@dataclass(frozen=True, slots=True)
class Remaining:
    """How many answers fit into what is left; None where no charge is known to divide by."""

    left_nano_nats: int
    mean_charge_nano_nats: int | None
    answers_at_mean_charge: int | None
    largest_charge_nano_nats: int
    answers_at_largest_charge: int


def reading(*, nano_nats: int, alpha: float, deltas: Iterable[float]) -> Reading:
    """What so many nano-nats at this order amount to."""
    if nano_nats < 0 or not alpha > 1:
        raise ValueError("nano_nats >= 0 and alpha > 1 are needed")
    rho = nano_zcdp_up(nano_nats=nano_nats, alpha=alpha)
    return Reading(
        alpha=alpha,
        nano_nats=nano_nats,
        nano_zcdp=rho,
        nano_zcdp_if_replaced=REPLACED * rho,
        guarantees=tuple(
            Guarantee(delta, epsilon_up(rho, delta), epsilon_up(REPLACED * rho, delta)) for delta in deltas
        ),
    )


def nano_zcdp_up(*, nano_nats: int, alpha: float) -> int:
    """Nats at order alpha -> zCDP, the division rounded up."""
    return ceil(Fraction(nano_nats) / Fraction(alpha))


def epsilon_up(nano_zcdp: int, delta: float) -> float:
    """The best epsilon at this delta, rounded up to the next billionth; 0 only where nothing was charged."""
    if nano_zcdp == 0:
        return 0.0
    found = zcdp.epsilon(rho_zcdp=nano_zcdp / NANO_PER_UNIT, delta=delta)
    return max(1, ceil(found * (1 + SEARCH_ERROR) * NANO_PER_UNIT)) / NANO_PER_UNIT


def never_above(*, budget_nano_nats: int | None, so_far_nano_nats: int) -> int:
    """The budget, or what is charged already where that is more: spent privacy never comes back."""
    return max(budget_nano_nats or 0, so_far_nano_nats)


def stated_deltas(own: float | None) -> tuple[float, ...]:
    """The deltas at which everybody is told, and the policy's own."""
    return tuple(sorted({*STATED_DELTAS, *([] if own is None else [own])}, reverse=True))


def remaining(
    *, left_nano_nats: int, recent_charges: Sequence[int], largest_charge_nano_nats: int
) -> Remaining:
    """At the mean recent charge, rounded up, and at the largest charge that one answer can make."""
    mean = -(-sum(recent_charges) // len(recent_charges)) if recent_charges else None
    return Remaining(
        left_nano_nats=left_nano_nats,
        mean_charge_nano_nats=mean,
        answers_at_mean_charge=left_nano_nats // mean if mean else None,
        largest_charge_nano_nats=largest_charge_nano_nats,
        answers_at_largest_charge=left_nano_nats // largest_charge_nano_nats
        if largest_charge_nano_nats
        else 0,
    )
