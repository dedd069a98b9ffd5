"""The open rule: how the core and the seated sources vote on one token, and what each of them moved.

Step of the way: compose and measure. ``p = softmax(l0/T + N/R)``, ``N = sum w_s delta_s``, ``R = r0 + sum
w_s``; the vote without s takes s out of both sums and leaves every other seat as it is. Exact, O(S V), no
further forward pass. It must not decide weights (caps.py does), know money, or hold state between tokens.

Tensors are on the CPU, float32 (or float64 in replay); each row may be logits or log-probabilities: a
constant added to a row changes neither the vote nor what is measured.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.net import renyi
from inference.net.silence import Silence, hush

FAR = 1e4  # what an infinite logit difference counts as when nothing clips it


@dataclass(frozen=True, slots=True)
class Pool:
    """The ballots of one token, made comparable: what does not depend on the weights."""

    log_core: Tensor  # (V,) l0 / T
    delta: Tensor  # (S, V) (l_s - l0) / T, centred and its range clipped
    clip: float  # no row of delta has a wider range
    core_weight: float  # r0

    def ranges(self) -> Tensor:
        """The exact range of each row."""
        low, high = torch.aminmax(self.delta, dim=1)
        return high.double() - low.double()  # (S,)

    def double(self) -> "Pool":
        """The same ballots, bit for bit, in float64: for verifying caps and for replay."""
        return Pool(self.log_core.double(), self.delta.double(), self.clip, self.core_weight)


@dataclass(frozen=True, slots=True)
class OpenVote:
    """One token's vote. Rows of weight 0 are not in it; ``voters`` says which of the seats the rows are."""

    pool: Pool  # of the voters alone
    weights: Tensor  # (S',) float64, all above 0
    voters: Tensor  # (S',) int64, indices into the seats
    seats: int  # S
    lean: Tensor  # (V,) N / R
    log_p: Tensor  # (V,)

    @property
    def total_weight(self) -> float:
        """R, the weight of the core and all voters."""
        return self.pool.core_weight + float(self.weights.sum())


@dataclass(frozen=True, slots=True)
class Bound:
    """What one source can move at most: D_alpha <= min(t rho, alpha t^2 rho^2 / 8), whatever the order."""

    share: Tensor  # (S,) t = w_s / R
    range: Tensor  # (S,) rho = range of delta_s - mu_s
    nats: Tensor  # (S,)


def pool(
    *,
    l0: Tensor,
    ballots: Tensor,
    r0: float,
    temperature: float,
    clip: float,
    silences: Sequence[Silence] = (),
) -> Pool:
    """Make the ballots comparable: l0 (V,), ballots (S, V). The range is clipped around the mean under the
    core's own law.

    That centre depends on the core and the source alone, so no other source can move where a row is clipped.
    `silences`, per row, are the tokens that the row says nothing on: before the centre is taken, and again
    after clipping has moved the mean.
    """
    if not (temperature > 0 and clip > 0 and r0 > 0):
        raise ValueError("temperature, clip and r0 must be above 0")
    log_core = l0 / temperature  # (V,)
    difference = ballots - l0  # (S, V)
    law = torch.softmax(log_core, 0)  # (V,)
    hush(difference, law, silences)
    centre = difference @ law  # (S,)
    if not bool(torch.isfinite(centre).all()):
        if bool((log_core.isnan() | log_core.isposinf()).any()):
            raise FloatingPointError("the core's own ballot is not a number")
        _mend(difference, log_core)
        hush(difference, law, silences)
        centre = difference @ law  # (S,)
    delta = torch.add(
        -centre[:, None] / temperature, difference, alpha=1 / temperature, out=difference
    )  # (S, V)
    if math.isfinite(clip):
        delta.clamp_(-clip / 2, clip / 2)
        hush(delta, law, silences)
    return Pool(log_core, delta, clip, r0)


def _mend(difference: Tensor, log_core: Tensor) -> None:
    """In a row that is not all numbers a NaN says nothing (0), and an infinite opinion is a far one."""
    difference.nan_to_num_(nan=0.0, posinf=FAR, neginf=-FAR).clamp_(-FAR, FAR)
    difference.masked_fill_(torch.isneginf(log_core), 0.0)  # tokens that nobody can draw


def vote(
    *, l0: Tensor, ballots: Tensor, weights: Tensor, r0: float, temperature: float, clip: float
) -> OpenVote:
    """The vote of the core and every ballot with weight above 0; the others are as if they were not there,
    bit for bit.
    """
    voters = (weights > 0).nonzero().squeeze(1)  # (S',)
    rows = ballots if len(voters) == len(weights) else ballots[voters]  # (S', V)
    made = pool(l0=l0, ballots=rows, r0=r0, temperature=temperature, clip=clip)
    return vote_in(made, weights[voters], voters=voters, seats=len(weights))


def vote_in(
    made: Pool, weights: Tensor, *, voters: Tensor | None = None, seats: int | None = None
) -> OpenVote:
    """The vote over ballots that are already comparable; all weights must be above 0."""
    weights = weights.double()  # (S,)
    places = torch.arange(len(weights)) if voters is None else voters
    total = made.core_weight + float(weights.sum())
    lean = made.delta.T @ (weights / total).to(made.delta.dtype)  # (V,)
    log_p = torch.log_softmax(made.log_core + lean, 0)  # (V,)
    return OpenVote(made, weights, places, len(weights) if seats is None else seats, lean, log_p)


def leave_one_out(cast: OpenVote, *, alpha: float) -> renyi.Divergences:
    """What each seat moved, both directions, all seats at once; (S,), 0 for seats that did not vote."""
    tilts = _tilts(cast, cast.pool.delta, _odds(cast))
    found = renyi.both_ways(log_p=cast.log_p, tilts=tilts, spread=_spread(cast), alpha=alpha)
    parts = (found.forward, found.reverse, found.shift)
    return renyi.Divergences(*(_scattered(cast, part) for part in parts))


def leave_set_out(cast: OpenVote, members: Tensor, *, alpha: float) -> renyi.Divergences:
    """The same with a whole set removed at once (an owner, a coalition): members (S,) bool over the seats;
    results (1,).
    """
    inside = members[cast.voters].double()  # (S',)
    weight = float(inside @ cast.weights)
    if weight == 0:
        nothing = torch.zeros(1, dtype=torch.float64)
        return renyi.Divergences(nothing, nothing, nothing)
    mean = ((inside * cast.weights / weight).to(cast.pool.delta.dtype) @ cast.pool.delta)[None]  # (1, V)
    tilts = _tilts(cast, mean, torch.tensor([weight / (cast.total_weight - weight)], dtype=torch.float64))
    return renyi.both_ways(log_p=cast.log_p, tilts=tilts, spread=_ranges(tilts), alpha=alpha)


def without(cast: OpenVote, members: Tensor) -> Tensor:
    """log p_-A (V,): the vote without a set of seats, the others' seats as they are. members (S,) bool."""
    staying = (~members[cast.voters]).nonzero().squeeze(1)
    made = cast.pool
    rest = Pool(made.log_core, made.delta[staying], made.clip, made.core_weight)
    return vote_in(rest, cast.weights[staying]).log_p


def bound(cast: OpenVote, *, alpha: float) -> Bound:
    """t, rho and the bound of every seat; (S,), 0 for those that did not vote."""
    tilts = _tilts(cast, cast.pool.delta, _odds(cast))
    spread = _ranges(tilts)  # (S',) t rho
    share = cast.weights / cast.total_weight  # (S',)
    nats = renyi.upper_bound(spread, alpha)
    return Bound(*(_scattered(cast, values) for values in (share, spread / share, nats)))


def help_nats(cast: OpenVote, found: renyi.Divergences, token: int) -> Tensor:
    """Signed help of every seat with the drawn token: log p(y) - log p_-s(y); (S,)."""
    opinion = (cast.pool.delta[:, token] - cast.lean[token]).double()  # (S',)
    return _scattered(cast, _odds(cast) * opinion + found.shift[cast.voters])  # (S,)


def _tilts(cast: OpenVote, delta: Tensor, scale: Tensor) -> renyi.Tilts:
    p = cast.log_p.exp()  # (V,)
    dtype = delta.dtype
    mean = (delta @ p).double() - float(cast.lean @ p)  # (S',)
    return renyi.Tilts(delta, cast.lean, scale.to(dtype), (scale * mean).to(dtype))


def _odds(cast: OpenVote) -> Tensor:
    """t / (1 - t): log p - log p_-s = t (delta_s - mu_s) + c = odds (delta_s - N/R) + c."""
    return cast.weights / (cast.total_weight - cast.weights)  # (S',)


def _ranges(tilts: renyi.Tilts) -> Tensor:
    low, high = torch.aminmax(tilts.negative(slice(None), slice(None)), dim=1)  # (S',)
    return high.double() - low.double()


def _spread(cast: OpenVote) -> Tensor:
    """An upper bound of t rho without a pass over the vocabulary: delta_s and mu_s have ranges of at most the
    clip.
    """
    made, total = cast.pool, cast.total_weight
    if not math.isfinite(made.clip):
        widths = made.ranges()  # (S',)
        widest = widths.max() if len(widths) else widths.sum()
    else:
        widths = widest = torch.tensor(made.clip, dtype=torch.float64)
    others = 1 - made.core_weight / (total - cast.weights)  # (S',) the part of mu that is not the core
    return cast.weights / total * (widths + others * widest)  # (S',)


def _scattered(cast: OpenVote, values: Tensor) -> Tensor:
    """From the voters to all seats."""
    return torch.zeros(cast.seats, dtype=torch.float64).index_copy_(0, cast.voters, values.double())  # (S,)
