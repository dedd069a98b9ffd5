"""What has each row read so far? Keys and values of all rows, in buffers that a step only adds to.

Composing, inside the decoder. Rows end at the same column: a shorter prompt starts further right and the
columns before it are masked. A step writes one column; nothing is concatenated. Dropping rows keeps the
others as they are.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

GROWTH_COLUMNS = 256
MASKED = -1e30


class RowCache:
    """Keys and values per layer, (rows, heads, columns, width), right-aligned at `length`."""

    def __init__(self, prompt_lengths: Sequence[int], *, expected_tokens: int) -> None:
        self.length = max(prompt_lengths)
        self.starts = [self.length - own for own in prompt_lengths]
        self._capacity = self.length + min(expected_tokens, GROWTH_COLUMNS) + 1
        self._keys: list[Tensor] = []
        self._values: list[Tensor] = []
        self._mask = torch.empty(0)

    def fill(self, row: int, layers: Sequence[Any]) -> None:
        """Take over one row's prompt from the layers of transformers' own cache."""
        if not self._keys:
            self._allocate(layers)
        start = self.starts[row]
        for index, layer in enumerate(layers):
            self._keys[index][row, :, start : self.length] = layer.keys[0]
            self._values[index][row, :, start : self.length] = layer.values[0]

    def open_column(self) -> Tensor:
        """Make place for one more token per row; the mask that attention adds, (rows, 1, 1, columns)."""
        if self.length == self._capacity:
            self._grow()
        self.length += 1
        return self._mask[..., : self.length]

    def update(self, key: Tensor, value: Tensor, layer_idx: int, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Called by each attention layer: write the open column, give back all columns so far."""
        column = self.length - 1
        keys, values = self._keys[layer_idx], self._values[layer_idx]
        keys[:, :, column] = key[:, :, 0]
        values[:, :, column] = value[:, :, 0]
        return keys[:, :, : self.length], values[:, :, : self.length]

    def keep(self, rows: Sequence[int]) -> None:
        """Forget every row that is not named."""
        index = torch.tensor(rows, device=self._mask.device)
        self._keys = [keys.index_select(0, index) for keys in self._keys]
        self._values = [values.index_select(0, index) for values in self._values]
        self._mask = self._mask.index_select(0, index)
        self.starts = [self.starts[row] for row in rows]

    def positions(self) -> list[list[int]]:
        """Each row's own position of the open column, (rows, 1)."""
        return [[self.length - 1 - start] for start in self.starts]

    def _allocate(self, layers: Sequence[Any]) -> None:
        rows = len(self.starts)
        for layer in layers:
            _, heads, _, width = layer.keys.shape
            # Zeros, not empty memory: a masked column still meets the mathematics and must hold a finite
            # number.
            self._keys.append(layer.keys.new_zeros((rows, heads, self._capacity, width)))
            self._values.append(layer.values.new_zeros((rows, heads, self._capacity, layer.values.shape[-1])))
        self._mask = layers[0].keys.new_zeros((rows, 1, 1, self._capacity))
        for row, start in enumerate(self.starts):
            self._mask[row, ..., :start] = MASKED

    def _grow(self) -> None:
        """Longer answers than expected: half as much again, so copies stay rare."""
        more = max(GROWTH_COLUMNS, self._capacity // 2)
        self._keys = [_widen(keys, more) for keys in self._keys]
        self._values = [_widen(values, more) for values in self._values]
        self._mask = torch.cat([self._mask, self._mask.new_zeros((*self._mask.shape[:-1], more))], dim=-1)
        self._capacity += more


def _widen(buffer: Tensor, more: int) -> Tensor:
    rows, heads, columns, width = buffer.shape
    wider = buffer.new_zeros((rows, heads, columns + more, width))
    wider[:, :, :columns] = buffer
    return wider
