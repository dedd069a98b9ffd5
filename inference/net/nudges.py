"""How do penalties and biases change which token is drawn?

Composing, between the vote and the drawing. The caller bends the drawing of an open answer away from tokens
that were said, or towards and away from given ones; what was measured is the whole vote, which stays as it
is. Must not be used on a private vote, whose promise holds for plain sampling alone.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(slots=True)
class Nudges:
    """OpenAI's: `logit - count * frequency - (count > 0) * presence + bias`, counted over what was drawn."""

    frequency: float = 0.0
    presence: float = 0.0
    bias: Mapping[int, float] = field(default_factory=dict)
    _counts: Counter[int] = field(default_factory=Counter)

    def on(self, log_p: Tensor, *, temperature: float) -> Tensor:
        """The law to draw from, (V,); the same tensor where nothing is nudged. A logit counts 1/temperature
        times in a law at that temperature.
        """
        changes = self._changes()
        if not changes:
            return log_p
        tokens = torch.tensor(list(changes), device=log_p.device)  # (k,)
        shifts = torch.tensor(list(changes.values()), dtype=log_p.dtype, device=log_p.device)  # (k,)
        return torch.log_softmax(log_p.index_add(0, tokens, shifts / temperature), 0)  # (V,)

    def drawn(self, token_id: int) -> None:
        self._counts[token_id] += 1

    def _changes(self) -> dict[int, float]:
        changes = dict(self.bias)
        if self.frequency or self.presence:
            for token, count in self._counts.items():
                changes[token] = changes.get(token, 0.0) - count * self.frequency - self.presence
        return {token: change for token, change in changes.items() if change}
