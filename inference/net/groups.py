"""Near-duplicate sources vote as one: a group has one seat, so copies of one text do not count twice.

Step of the way: compose and measure. ``w_G`` is the largest member's weight, ``delta_G`` the members'
weighted mean; the group is measured, capped and paid as one, and what it moved is split inside by weight (in
whole nano-nats by `inference.group_spending`). It must not decide who is a near-duplicate.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from inference.net.open_rule import Pool


@dataclass(frozen=True, slots=True)
class Seating:
    """Which row sits on which seat, and with which part of it."""

    seat: Tensor  # (rows,) int64
    part: Tensor  # (rows,) float64, the row's part of its seat; the parts of a seat sum to 1
    seats: int

    def of_rows(self, values: Tensor) -> Tensor:
        """What a row gets of what its seat moved."""
        return values[self.seat] * self.part  # (rows,)


def seating(*, groups: Sequence[int | None], weights: Tensor) -> Seating:
    """Seats for rows with weights (rows,) above 0: one for every group, one for every row without a group, in
    row order.
    """
    numbers: dict[tuple[str, int], int] = {}
    keys = [("row", row) if group is None else ("group", group) for row, group in enumerate(groups)]
    seat = torch.tensor([numbers.setdefault(key, len(numbers)) for key in keys], dtype=torch.int64)  # (rows,)
    totals = torch.zeros(len(numbers), dtype=torch.float64).index_add_(0, seat, weights.double())  # (seats,)
    return Seating(seat, weights.double() / totals[seat], len(numbers))


def merged(made: Pool, seats: Seating) -> Pool:
    """The ballots of the seats: a lone row as it is, a group's as its weighted mean."""
    if seats.seats == len(seats.seat):
        return made
    mixing = torch.zeros(seats.seats, len(seats.seat), dtype=made.delta.dtype)  # (seats, rows)
    mixing[seats.seat, torch.arange(len(seats.seat))] = seats.part.to(made.delta.dtype)
    return replace(made, delta=mixing @ made.delta)  # (seats, V)


def seat_weights(weights: Tensor, seats: Seating) -> Tensor:
    """w_G: the largest member's."""
    empty = torch.zeros(seats.seats, dtype=torch.float64)
    return empty.scatter_reduce_(0, seats.seat, weights.double(), "amax")  # (seats,)


def seat_allowances(allowances: Tensor, seats: Seating) -> Tensor:
    """What a seat may move so that no member's part of it is above that member's allowance."""
    full = torch.full((seats.seats,), torch.inf, dtype=torch.float64)
    return full.scatter_reduce_(0, seats.seat, allowances.double() / seats.part, "amin")  # (seats,)
