"""What does each row say of every label? Ballots whose vocabulary is the labels, in one pass a row.

Composing, for a classification: a row reads its prompt once, then all labels at once, each of which sees the
prompt and itself and nothing of the others. Same port as `decoder.Ballots`; there is no second step.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from inference.net.ballots import Row
from inference.net.cache import MASKED
from inference.net.core import Core
from inference.net.labels import Labels
from inference.net.lora import Lanes, seat_adapters

POSITIONS = 64  # whose logits over the vocabulary are in memory at once


class LabelBallots:
    """Row 0 is the core's; `prefill` gives (rows, labels) scores."""

    def __init__(self, *, core: Core, rows: Sequence[Row], labels: Labels) -> None:
        self._core = core
        self._rows = tuple(rows)
        self._labels = labels
        self._tree = core.voting_tree(packed=True)
        self._lanes = Lanes()
        seat_adapters(self._tree, [row.adapter for row in rows[1:]], self._lanes)

    @torch.inference_mode()
    def prefill(self) -> Tensor:
        """log P(label and then the end | the row's prompt), (rows, labels), float64."""
        return torch.stack([self._read(place, row) for place, row in enumerate(self._rows)])

    def _read(self, place: int, row: Row) -> Tensor:
        from transformers import DynamicCache

        self._lanes.first_row, self._lanes.start, self._lanes.stop = 0, max(place - 1, 0), place
        cache = DynamicCache(config=self._tree.config)
        prompt = self._hidden(list(row.prompt_ids), cache=cache)[-1:]  # (1, width)
        flat = [token for own in self._labels.ids for token in own]
        known = len(row.prompt_ids)
        said = self._hidden(
            flat,
            cache=cache,
            attention_mask=self._mask(known),
            position_ids=torch.tensor([self._positions(known)], device=self._core.device),
        )  # (tokens, width)
        first = self._log_p(prompt)[0]  # (V,)
        return self._scores(first, said)

    def _hidden(self, ids: Sequence[int], *, cache: Any, **how: Tensor) -> Tensor:
        tokens = torch.tensor([list(ids)], device=self._core.device)  # (1, tokens)
        read = self._tree.base_model(input_ids=tokens, past_key_values=cache, use_cache=True, **how)
        hidden: Tensor = read.last_hidden_state[0]  # (tokens, width)
        return hidden

    def _mask(self, known: int) -> Tensor:
        """Every label's token sees the prompt, the label so far and itself: (1, 1, tokens, columns)."""
        total = self._labels.tokens
        mask = torch.full((total, known + total), MASKED, dtype=self._core.dtype, device=self._core.device)
        mask[:, :known] = 0
        start = 0
        for own in self._labels.ids:
            stop = start + len(own)
            block = torch.full((len(own), len(own)), MASKED, dtype=mask.dtype, device=mask.device)
            mask[start:stop, known + start : known + stop] = block.triu(1)
            start = stop
        return mask[None, None]

    def _positions(self, known: int) -> list[int]:
        return [known + place for own in self._labels.ids for place in range(len(own))]

    def _scores(self, first: Tensor, said: Tensor) -> Tensor:
        """Sums over each label's tokens and its end: first (V,), said (tokens, width) -> (labels,)."""
        nexts = [(*own[1:], None) for own in self._labels.ids]  # what each position has to predict
        wanted = [token for own in nexts for token in own]
        gained: list[float] = []
        for start in range(0, len(wanted), POSITIONS):
            log_p = self._log_p(said[start : start + POSITIONS])  # (positions, V)
            gained += [self._gain(row, token) for row, token in zip(log_p, wanted[start:], strict=False)]
        scores, start = [], 0
        for place, own in enumerate(self._labels.ids):
            stop = start + len(own)
            whole = float(first[own[0]]) + sum(gained[start:stop])
            scores.append(self._labels.scaled(place, whole))
            start = stop
        return torch.tensor(scores, dtype=torch.float64)

    def _gain(self, log_p: Tensor, token: int | None) -> float:
        """Of the next token of the label, or of its end; log_p (V,)."""
        if token is not None:
            return float(log_p[token])
        return float(torch.logsumexp(log_p[list(self._labels.ends)], 0))

    def _log_p(self, hidden: Tensor) -> Tensor:
        logits: Tensor = self._tree.get_output_embeddings()(hidden)  # (positions, V)
        return torch.log_softmax(logits.cpu().double(), -1)
