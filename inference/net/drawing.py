"""How a token is drawn from a vote.

Step of the way: compose, the last move of every token. Truncation acts on the drawn token only: what was
measured is the whole vote. It must not be used with top_p on a private vote, whose promise holds for plain
sampling alone.
"""

import torch
from torch import Tensor

SHORT_LIST = 512  # tokens that are sorted first; almost always enough for a nucleus


def most_likely(log_p: Tensor) -> int:
    """T = 0: the most likely token of the vote (at T = 1); the lowest id among equals."""
    return int(torch.nonzero(log_p == log_p.max())[0])


def draw(log_p: Tensor, *, generator: torch.Generator, top_p: float = 1.0) -> int:
    """One token from exp(log_p) (V,), by the inverse of the distribution function in float64."""
    if not 0 < top_p <= 1:
        raise ValueError("top_p must be above 0 and at most 1")
    if top_p < 1:
        kept = nucleus(log_p, top_p)  # (k,)
        return int(kept[_draw(log_p[kept], generator)])
    return _draw(log_p, generator)


def nucleus(log_p: Tensor, top_p: float) -> Tensor:
    """The fewest most likely tokens whose probabilities reach top_p; never none. (k,) int64, most likely
    first.
    """
    for size in (min(SHORT_LIST, log_p.shape[0]), log_p.shape[0]):
        values, tokens = torch.topk(log_p, size)  # (size,)
        reached = values.double().exp().cumsum(0)  # (size,)
        if float(reached[-1]) >= top_p or size == log_p.shape[0]:
            break
    count = int((reached < top_p).sum()) + 1
    return tokens[:count]


def _draw(log_p: Tensor, generator: torch.Generator) -> int:
    heights = torch.softmax(log_p.double(), 0).cumsum(0)  # (V,)
    if not bool(torch.isfinite(heights[-1])):
        raise FloatingPointError("the vote is not a number")
    point = torch.rand((), dtype=torch.float64, generator=generator) * heights[-1]  # ()
    place = int(torch.searchsorted(heights, point, right=True))
    return min(place, log_p.shape[0] - 1)
