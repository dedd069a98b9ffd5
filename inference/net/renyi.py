"""Renyi divergence between the vote and the vote without a source, for all sources in one pass.

Step of the way: measure. Everything here is a sum over the vocabulary; who votes with which weight is decided
elsewhere. It must not return a NaN, and it must not under-report: what cannot be computed counts as its upper
bound.

With p the vote, p' the vote without the source, tilt = log p - log p' + c and K(x) = log E_p exp(x tilt):

    D_alpha(p || p') = K(-1) + K(alpha - 1) / (alpha - 1)
    D_alpha(p' || p) = (K(-alpha) - alpha K(-1)) / (alpha - 1)

Written like that both lose their digits for small tilts, because terms of first order cancel. The centred
forms below have no such terms: float32 ballots are enough (relative error about 5e-6), float64 gives 1e-12.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

BLOCK_ELEMENTS = 131_072  # a block and its scratch copies stay near the processor
WIDEST = {torch.float32: 60.0, torch.float64: 600.0}  # alpha * spread up to which plain exponentials are safe
SERIES_BELOW = {torch.float32: 0.25, torch.float64: 0.02}  # exp(x) - 1 - x comes from its series below


@dataclass(frozen=True, slots=True)
class Divergences:
    """Both directions per row, and the constant in log p - log p' = scale (delta - lean) + shift."""

    forward: Tensor  # (S,) float64, D_alpha(p || p')
    reverse: Tensor  # (S,) float64, D_alpha(p' || p)
    shift: Tensor  # (S,) float64, log E_p exp(-tilt) of the tilt without its offset

    @property
    def symmetric(self) -> Tensor:
        """The attribution: the larger of both directions."""
        return torch.maximum(self.forward, self.reverse)  # (S,)


@dataclass(frozen=True, slots=True)
class Tilts:
    """The tilts of all rows without writing them out: tilt[s] = scale[s] * (delta[s] - lean) - offset[s]."""

    delta: Tensor  # (S, V)
    lean: Tensor  # (V,)
    scale: Tensor  # (S,)
    offset: Tensor  # (S,) centres each row under the vote; any value is right, the mean is accurate

    def negative(self, rows: slice, columns: slice, out: Tensor | None = None) -> Tensor:
        """Minus the tilt of a block, in `out` or in a tensor of its own that the caller may overwrite."""
        block = torch.sub(self.lean[columns], self.delta[rows, columns], out=out)  # (S', V')
        return block.mul_(self.scale[rows, None]).add_(self.offset[rows, None])  # (S', V')

    def to(self, dtype: torch.dtype) -> "Tilts":
        """The same tilts in another precision."""
        return Tilts(self.delta.to(dtype), self.lean.to(dtype), self.scale.to(dtype), self.offset.to(dtype))


def upper_bound(spread: Tensor, alpha: float) -> Tensor:
    """min(eta, alpha eta^2 / 8) for a tilt of range eta (Hoeffding's lemma); NaN counts as inf."""
    bound = torch.minimum(spread, alpha * spread * spread / 8)
    return torch.nan_to_num(bound, nan=torch.inf, posinf=torch.inf)


def between(log_p: Tensor, log_q: Tensor, *, alpha: float) -> tuple[float, float]:
    """D_alpha of two whole distributions (V,), both directions, in float64; for what shares no ballots."""
    p, q = (torch.log_softmax(one.double(), 0) for one in (log_p, log_q))  # (V,)
    forward, reverse = (
        float(torch.logsumexp(alpha * one + (1 - alpha) * other, 0)) / (alpha - 1)
        for one, other in ((p, q), (q, p))
    )
    return max(forward, 0.0), max(reverse, 0.0)


def both_ways(*, log_p: Tensor, tilts: Tilts, spread: Tensor, alpha: float) -> Divergences:
    """Both directions for every row; ``spread`` (S,) bounds each tilt's range. alpha > 1. O(S V)."""
    if not alpha > 1:
        raise ValueError("alpha must be above 1")
    dtype = tilts.delta.dtype
    wide = ~(alpha * spread <= WIDEST[dtype])  # (S,) also where the spread is NaN
    moments = _moments_of_two if alpha == 2 else _moments
    if bool(wide.all()):
        forward, reverse, shift = _in_logarithms(log_p, tilts, alpha)
    else:
        forward, reverse, shift = moments(log_p, tilts, alpha)
        if bool(wide.any()):
            rows = wide.nonzero().squeeze(1)
            chosen = Tilts(tilts.delta[rows], tilts.lean, tilts.scale[rows], tilts.offset[rows])
            for whole, part in zip(
                (forward, reverse, shift), _in_logarithms(log_p, chosen, alpha), strict=True
            ):
                whole[rows] = part
    bound = upper_bound(spread, alpha)
    return Divergences(
        _settled(forward, bound), _settled(reverse, bound), torch.nan_to_num(shift - tilts.offset)
    )


def _settled(divergence: Tensor, bound: Tensor) -> Tensor:
    """Never negative, never a NaN, never above the bound."""
    capped = torch.minimum(divergence.clamp_min(0.0), bound)
    return torch.where(torch.isfinite(divergence), capped, bound)  # (S,)


def _blocks(rows: int, vocabulary: int) -> list[slice]:
    width = max(1024, BLOCK_ELEMENTS // max(rows, 1))
    return [slice(start, min(start + width, vocabulary)) for start in range(0, vocabulary, width)]


def _moments_of_two(log_p: Tensor, tilts: Tilts, _alpha: float) -> tuple[Tensor, Tensor, Tensor]:
    """alpha = 2: with h = exp(-tilt) - 1 every term is of second order in the tilt, and none cancels.

    D_2(p' || p) = log E[(1+h)^2] / E[1+h]^2 = log1p(Var h / (1 + E h)^2)
    D_2(p || p') = log E[1+h] E[1/(1+h)]     = log1p(E[h k] - E[h] E[k]),  k = h / (1+h) = 1 - exp(tilt)

    h = tanh(-tilt/2) (exp(-tilt) + 1) has all its digits for small and large tilts at half the cost of
    expm1. k is not h / (1 + h): 1 + h has no digits left where the tilt is large.
    """
    weights = _probabilities(log_p)  # (V,)
    seats, blocks = tilts.scale.shape[0], _blocks(tilts.scale.shape[0], log_p.shape[0])
    sums = torch.zeros(4, seats, dtype=torch.float64)  # (4, S)
    scratch = log_p.new_empty((3, seats, blocks[0].stop))  # (3, S, V') used again by every block
    for columns in blocks:
        p = weights[columns]  # (V',)
        down, h, k = scratch[..., : columns.stop - columns.start]  # each (S, V')
        tilts.negative(slice(None), columns, out=down)
        slope = torch.mul(down, 0.5, out=k).tanh_()
        grown = down.exp_()
        torch.addcmul(slope, slope, grown, out=h)
        torch.div(h, grown, out=k)
        sums[0] += h @ p
        sums[1] += k @ p
        sums[2] += k.mul_(h) @ p
        sums[3] += h.square_() @ p
    h_mean, k_mean, product, square = sums  # each (S,)
    forward = torch.log1p(product - h_mean * k_mean)
    reverse = torch.log1p((square - h_mean * h_mean) / (1 + h_mean) ** 2)
    return forward, reverse, torch.log1p(h_mean)


def _moments(log_p: Tensor, tilts: Tilts, alpha: float) -> tuple[Tensor, Tensor, Tensor]:
    """Any alpha: E[exp(x tilt)] = 1 + x E[tilt] + E[excess(x tilt)], so that what cancels, x E[tilt], stands
    alone.
    """
    weights = _probabilities(log_p)  # (V,)
    sums = torch.zeros(4, tilts.scale.shape[0], dtype=torch.float64)  # (4, S)
    for columns in _blocks(tilts.scale.shape[0], log_p.shape[0]):
        p = weights[columns]  # (V',)
        down = tilts.negative(slice(None), columns)  # (S, V')
        sums[0] += down @ p
        for place, power in ((1, 1.0), (2, 1 - alpha), (3, alpha)):
            sums[place] += _excess(down * power) @ p
    first, once, up, often = sums  # each (S,)
    cumulant = torch.log1p(first + once)  # K(-1)
    forward = cumulant + torch.log1p((1 - alpha) * first + up) / (alpha - 1)
    reverse = (torch.log1p(alpha * first + often) - alpha * cumulant) / (alpha - 1)
    return forward, reverse, cumulant


def _in_logarithms(log_p: Tensor, tilts: Tilts, alpha: float) -> tuple[Tensor, Tensor, Tensor]:
    """Rows whose tilts are too wide for plain exponentials: logsumexp in float64, row by row."""
    exact = tilts.to(torch.float64)
    base = torch.log_softmax(log_p.double(), 0)  # (V,)
    rows = []
    for row in range(exact.scale.shape[0]):
        down = exact.negative(slice(row, row + 1), slice(None))[0]  # (V,)
        rows.append([torch.logsumexp(base + power * down, 0) for power in (1.0, 1 - alpha, alpha)])
    if not rows:
        return tuple(torch.zeros(0, dtype=torch.float64) for _ in range(3))  # type: ignore[return-value]
    cumulant, up, often = torch.stack([torch.stack(row) for row in rows], 1)  # each (S,)
    return cumulant + up / (alpha - 1), (often - alpha * cumulant) / (alpha - 1), cumulant


def _probabilities(log_p: Tensor) -> Tensor:
    """exp(log_p) without subnormal numbers: they cost a hundred times more and weigh nothing."""
    return torch.nn.functional.threshold(log_p.exp(), torch.finfo(log_p.dtype).tiny, 0.0)  # (V,)


def _excess(x: Tensor) -> Tensor:
    """exp(x) - 1 - x with all its digits, also near 0."""
    near = x * x * 0.5 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6 * (1 + x / 7 * (1 + x / 8))))))
    return torch.where(x.abs() < SERIES_BELOW[x.dtype], near, torch.expm1(x) - x)
