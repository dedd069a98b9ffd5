"""How much weight each source gets at a token so that nothing measured is above what it may still move.

Step of the way: compose. Fast path: the weights that were wanted, if their measured divergences are within
the allowances. Otherwise it looks for weights as close to the wanted ones as a few measurements allow and
takes only a point at which the exact float64 divergences of ALL sources hold; failing that, a point that is
proven to hold. Several weights together are not monotone (raising one source's can move another's influence
either way), so no common scale is ever bisected. It must not spend anything: it answers for one token, from
what the caller says is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.net import groups as seating
from inference.net import open_rule, renyi
from inference.net.silence import Silence

ROUNDS = 6  # measurements in float32 before the best point found is verified
AIM = 0.97  # of the allowance: where the next point is aimed at
GOOD_ENOUGH = 0.85  # of the allowance: a limited source that gets so much ends the search
FLOAT32_MARGIN = 2e-5  # relative error of float32 measurements, with room
FLOAT64_MARGIN = 1e-9


@dataclass(frozen=True, slots=True)
class Capped:
    """One token's vote with its measurement, per row; the members of a group each have their part."""

    weights: Tensor  # (S,) float64, what each row votes with
    limited: Tensor  # (S,) bool: the allowance, not the wish, decided
    forward: Tensor  # (S,) float64 nats
    reverse: Tensor  # (S,) float64 nats
    symmetric: Tensor  # (S,) float64 nats; never above the allowance
    vote: open_rule.OpenVote  # over the seats that vote
    found: renyi.Divergences  # (seats,) the same, before groups are split
    seat_of_row: Tensor  # (S,) int64, -1 for a row that does not vote

    def help_nats(self, token: int) -> Tensor:
        """log p(y) - log p_-s(y) of each row's seat for the drawn token; (S,), 0 without a vote."""
        per_seat = open_rule.help_nats(self.vote, self.found, token)  # (seats,)
        voting = self.seat_of_row >= 0
        result = torch.zeros(len(self.seat_of_row), dtype=torch.float64)
        result[voting] = per_seat[self.seat_of_row[voting]]
        return result


@dataclass(frozen=True, slots=True)
class _Point:
    """Weights of all seats with what they were measured to move."""

    cast: open_rule.OpenVote
    found: renyi.Divergences


def allowance(left: Tensor, tokens_left: int) -> Tensor:
    """min(left, 2 left / tokens_left): so that influence is not all spent on the first words."""
    return torch.minimum(left, 2 * left / max(tokens_left, 1)).clamp_min(0.0)


def weights_within(
    *,
    l0: Tensor,
    ballots: Tensor,
    wanted: Tensor,
    allowances: Tensor,
    r0: float,
    temperature: float,
    clip: float,
    alpha: float,
    groups: Sequence[int | None] | None = None,
    silences: Sequence[Silence] = (),
) -> Capped:
    """Vote and measurement of one token: l0 (V,), ballots (S, V), wanted = gamma r (S,), allowances (S,) nats
    (inf: none).

    Rows with nothing wanted or nothing allowed are as if they were not there. ``groups`` names each row's
    near-duplicate group, ``silences`` the tokens that it says nothing on.
    """
    rows = ((wanted > 0) & (allowances > 0)).nonzero().squeeze(1)  # (S',)
    chosen = ballots if len(rows) == len(wanted) else ballots[rows]  # (S', V)
    quiet = [silences[row] for row in rows.tolist()] if silences else ()
    made = open_rule.pool(l0=l0, ballots=chosen, r0=r0, temperature=temperature, clip=clip, silences=quiet)
    names = [None if groups is None else groups[row] for row in rows.tolist()]
    seats = seating.seating(groups=names, weights=wanted[rows])
    made = seating.merged(made, seats)
    wishes = seating.seat_weights(wanted[rows], seats)  # (seats,)
    limits = seating.seat_allowances(allowances[rows], seats)  # (seats,)
    point = _within(made, wishes, limits, alpha)
    return _by_row(point, wanted, rows, seats, wishes)


def _by_row(point: _Point, wanted: Tensor, rows: Tensor, seats: seating.Seating, wishes: Tensor) -> Capped:
    kept = (point.cast.weights / wishes)[seats.seat]  # (S',) what is left of each wish
    blank = torch.zeros(len(wanted), dtype=torch.float64)

    def spread(values: Tensor) -> Tensor:
        return blank.index_copy(0, rows, values)  # (S,)

    forward, reverse = seats.of_rows(point.found.forward), seats.of_rows(point.found.reverse)  # (S',)
    weights = spread(wanted[rows].double() * kept)
    seat_of_row = torch.full((len(wanted),), -1).index_copy_(0, rows, seats.seat)
    measured = spread(forward), spread(reverse), spread(seats.of_rows(point.found.symmetric))
    return Capped(weights, weights < wanted.double(), *measured, point.cast, point.found, seat_of_row)


def _within(made: open_rule.Pool, wishes: Tensor, limits: Tensor, alpha: float) -> _Point:
    wished = _measured(made, wishes, alpha)
    if _holds(wished, limits, FLOAT32_MARGIN):
        return wished
    exact = made.double()
    proven = feasible_start(made, wishes, limits, alpha)  # (seats,)
    for weights in (*_climbed(made, wished, proven, limits, alpha), proven):
        point = _measured(exact, weights, alpha)
        if _holds(point, limits, FLOAT64_MARGIN):
            return point
    raise ArithmeticError("the proven point does not hold: an allowance or a ballot is not a number")


def _measured(made: open_rule.Pool, weights: Tensor, alpha: float) -> _Point:
    cast = open_rule.vote_in(made, weights)
    return _Point(cast, open_rule.leave_one_out(cast, alpha=alpha))


def _holds(point: _Point, limits: Tensor, margin: float) -> bool:
    return bool((point.found.symmetric <= limits * (1 - margin)).all())


def feasible_start(made: open_rule.Pool, wishes: Tensor, limits: Tensor, alpha: float) -> Tensor:
    """w_s = min(wish, r0 tau_s), tau_s = min(1, eta_s / (range(delta_s) + max_j range(delta_j))).

    Proof: t rho <= (w_s / r0) (range(delta_s) + range(mu_s)) <= eta_s, and eta_s = max(b, sqrt(8 b / alpha))
    is a range whose bound min(eta, alpha eta^2 / 8) is b. It holds whatever the other seats do, as long as
    they exist with any weight.
    """
    ranges = made.ranges()  # (seats,)
    room = torch.maximum(limits, torch.sqrt(8 * limits / alpha)) * (1 - 4 * FLOAT64_MARGIN)  # (seats,) eta
    tau = (room / (ranges + ranges.max()).clamp_min(1e-300)).clamp_max(1.0)  # (seats,)
    return torch.minimum(wishes, made.core_weight * tau)


def _climbed(
    made: open_rule.Pool, wished: _Point, proven: Tensor, limits: Tensor, alpha: float
) -> list[Tensor]:
    """At most one point above the proven one whose float32 measurement holds for all seats: the heaviest that
    was found.
    """
    wishes = wished.cast.weights  # (seats,)
    point, steepness = wished, torch.full_like(wishes, 2.0)
    best: Tensor | None = None
    for _ in range(ROUNDS):
        before = point
        weights = _next(before, wishes, proven, limits, steepness)
        point = _measured(made, weights, alpha)
        steepness = _steepness(before, point, steepness)
        if _holds(point, limits, FLOAT32_MARGIN):
            if best is None or float((weights / wishes).sum()) > float((best / wishes).sum()):
                best = weights
            free = (weights >= wishes) | (point.found.symmetric >= GOOD_ENOUGH * limits)
            if bool(free.all()):
                break
    return [] if best is None else [best]


def _next(point: _Point, wishes: Tensor, proven: Tensor, limits: Tensor, steepness: Tensor) -> Tensor:
    """Aim every seat that is over its limit, or below its wish, at its limit: D grows like a power of its
    share t = w/R.
    """
    weights = point.cast.weights  # (seats,)
    share = weights / point.cast.total_weight  # (seats,)
    ratio = AIM * limits / point.found.symmetric.clamp_min(1e-300)  # (seats,)
    factor = ratio.pow(1 / steepness).clamp(0.02, 3.0)  # (seats,)
    moving = (ratio < AIM) | (weights < wishes)  # (seats,) over the limit, or not yet at the wish
    aimed = torch.where(moving, share * factor, 0.0)  # (seats,)
    if float(aimed.sum()) > 0.99:
        aimed = aimed * (0.99 / float(aimed.sum()))
    total = (point.cast.pool.core_weight + float(weights[~moving].sum())) / (
        1 - float(aimed.sum())
    )  # R at these shares
    return torch.where(moving, torch.minimum(wishes, torch.maximum(proven, aimed * total)), weights)


def _steepness(before: _Point, after: _Point, old: Tensor) -> Tensor:
    """The power that the last step showed; kept where the step was too small to show one."""
    shares = [torch.log(point.cast.weights / point.cast.total_weight) for point in (before, after)]
    nats = [torch.log(point.found.symmetric.clamp_min(1e-300)) for point in (before, after)]
    step = shares[1] - shares[0]  # (seats,)
    power = (nats[1] - nats[0]) / torch.where(step.abs() > 0.02, step, 1.0)  # (seats,)
    return torch.where(step.abs() > 0.02, power.clamp(0.7, 3.0), old)
