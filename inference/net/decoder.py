"""What does the core say next, alone and with each source's partition in place?

Composing, one forward pass a token for all: row 0 is the core, every further row one seat with its own
prompt (its own passages), its own adapter and its own cache. Prompts are read row by row (their lengths
differ, nothing is padded), tokens in one batch. Knows no weights, budgets or names; the same calls in the
same order give the same bits.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from inference.net.ballots import OpenBallots, Row, check_kept, check_rows
from inference.net.cache import RowCache
from inference.net.core import Core
from inference.net.lora import Lanes, seat_adapters


def alone(core: Core) -> OpenBallots:
    """Every answer in a batch of its own."""
    return lambda rows, expected_tokens: Ballots(core=core, rows=rows, expected_tokens=expected_tokens)


class Ballots:
    """A `BallotBox` with the rows of one answer and nothing else: fixed order, fixed shapes."""

    def __init__(self, *, core: Core, rows: Sequence[Row], expected_tokens: int = 256) -> None:
        check_rows(rows)
        self._core = core
        self._rows = tuple(rows)
        self._tree = core.voting_tree(packed=True)
        self._lanes = Lanes()
        self._layers = seat_adapters(self._tree, [row.adapter for row in rows[1:]], self._lanes)
        self._cache = RowCache([len(row.prompt_ids) for row in rows], expected_tokens=expected_tokens)

    @property
    def rows(self) -> int:
        """Rows still in the batch, the core's included."""
        return len(self._cache.starts)

    @torch.inference_mode()
    def prefill(self) -> Tensor:
        """Read every prompt; logits of the first token, (rows, vocabulary)."""
        return torch.cat([self._read(index, row) for index, row in enumerate(self._rows)])

    @torch.inference_mode()
    def step(self, token_id: int) -> Tensor:
        """Append one token to every row; logits of the next, (rows, vocabulary)."""
        mask = self._cache.open_column()  # (rows, 1, 1, columns)
        rows, device = self.rows, self._core.device
        self._route(first_row=1, start=0, stop=rows - 1)
        hidden = self._tree.base_model(
            input_ids=torch.full((rows, 1), token_id, device=device),
            position_ids=torch.tensor(self._cache.positions(), device=device),
            attention_mask=mask,
            past_key_values=self._cache,
            use_cache=True,
        ).last_hidden_state  # (rows, 1, width)
        return self._logits(hidden)

    @torch.inference_mode()
    def keep(self, rows: Sequence[int]) -> None:
        """Drop every row that is not named (ascending; the core, row 0, always stays)."""
        check_kept(rows)
        if len(rows) == self.rows:
            return
        self._cache.keep(rows)
        seats = torch.tensor([row - 1 for row in rows[1:]], device=self._core.device, dtype=torch.long)
        for layer in self._layers:
            layer.down = layer.down.index_select(0, seats)
            layer.up = layer.up.index_select(0, seats)

    def close(self) -> None:
        """Nothing is shared, so nothing has to be given back."""

    def _read(self, index: int, row: Row) -> Tensor:
        """One row's prompt in one pass; its keys and values move into the shared buffers."""
        from transformers import DynamicCache

        self._route(first_row=0, start=max(index - 1, 0), stop=index)
        own = DynamicCache(config=self._tree.config)
        ids = torch.tensor([list(row.prompt_ids)], device=self._core.device)  # (1, tokens)
        hidden = self._tree.base_model(input_ids=ids, past_key_values=own, use_cache=True).last_hidden_state
        self._cache.fill(index, own.layers)
        return self._logits(hidden[:, -1:])

    def _route(self, *, first_row: int, start: int, stop: int) -> None:
        self._lanes.first_row, self._lanes.start, self._lanes.stop = first_row, start, stop

    def _logits(self, hidden: Tensor) -> Tensor:
        """The output matrix meets the last position only; float32 from here on."""
        logits: Tensor = self._tree.get_output_embeddings()(hidden[:, -1])  # (rows, vocabulary)
        return logits.float()
