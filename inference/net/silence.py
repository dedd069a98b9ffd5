"""What does it mean in a vote that a source says nothing on a token?

Composing. Its opinion there is its own average opinion on all other tokens, weighted by the core's law: what
it would have said of the token is nowhere in the result. In the vote of this source with the core alone no
silenced token is then likelier than in the core's own vote, at every weight and temperature: with c the mean
of the opinions d under the core's law, p(v) / p0(v) = 1 / E_p0[exp(t (d - c))] <= 1 by Jensen's inequality.
To set the core's own logit instead would push the token wherever the source pulls all others down; a floor
would veto what the core and others say by themselves. It must not decide on which tokens.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

EVERYTHING = (-1,)  # silent on every token
Silence = tuple[int, ...]  # token ids in ascending order, or EVERYTHING


def hush(opinions: Tensor, law: Tensor, silences: Sequence[Silence]) -> None:
    """Silence rows in place: opinions (S, V) in logits, law (V,) the core's probabilities."""
    for row, silence in enumerate(silences):
        if silence == EVERYTHING:
            opinions[row] = 0.0
        elif silence:
            tokens = torch.tensor(silence, device=opinions.device)  # (silenced,)
            opinions[row, tokens] = _mean_of_others(opinions[row], law, tokens)


def silent_at(moved: Tensor, silence: Silence) -> Tensor:
    """What a source adds, with nothing at the tokens it is silent on; moved (k,), 0 or more."""
    if silence == EVERYTHING:
        return torch.zeros_like(moved)
    return moved.index_fill(0, torch.tensor(silence, dtype=torch.int64), 0.0) if silence else moved


def nothing_at(moved: Tensor, silence: Silence) -> Tensor:
    """What a source adds, without the tokens that it is silent on; moved (k,), 0 or more."""
    if silence == EVERYTHING:
        return torch.zeros_like(moved)
    return moved.index_fill(0, torch.tensor(silence, dtype=torch.int64), 0.0) if silence else moved


def within(silence: Silence, support: Tensor) -> Silence:
    """The same silence on a part of the vocabulary, as places in it; support (k,) ascending token ids."""
    if silence in ((), EVERYTHING):
        return silence
    return tuple(torch.isin(support, torch.tensor(silence)).nonzero().squeeze(1).tolist())


def _mean_of_others(opinions: Tensor, law: Tensor, tokens: Tensor) -> Tensor:
    """opinions (V,), law (V,), tokens (silenced,); a scalar."""
    rest = law.index_fill(0, tokens, 0.0)  # (V,)
    total = rest.sum()
    if not total > 0:  # the core says nothing else: all others count alike
        rest = torch.ones_like(law).index_fill(0, tokens, 0.0)
        total = rest.sum().clamp_min(1.0)
    return opinions.index_fill(0, tokens, 0.0) @ rest / total
