"""What has each row of the shared batch read so far? Keys and values of rows that come and go at any time.

Composing, inside the shared batch. A row's tokens begin at column 0 of its own place; places are in use
from 0 on, without gaps, and the last one moves to where one became free. A pass reads as many columns as its
longest row has; what is beyond a row's own length is masked.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from inference.net.cache import MASKED

COLUMNS = 256  # by which buffers grow


class RowStore:
    """Keys and values per layer, (places, heads, columns, width). During a pass it is the model's cache."""

    def __init__(self) -> None:
        self.lengths: list[int] = []  # by place
        self._keys: list[Tensor] = []
        self._values: list[Tensor] = []
        self._pass: Tensor = torch.empty(0, dtype=torch.long)  # the places of the pass in flight
        self._whole = False
        self._columns = 0
        self._at: Tensor = torch.empty(0, dtype=torch.long)  # the column that each of its rows writes

    def __len__(self) -> int:
        return len(self.lengths)

    def add(self, layers: Sequence[tuple[Tensor, Tensor]], *, expected_tokens: int) -> int:
        """A row that has read its prompt: (1, heads, tokens, width) per layer. Its place."""
        place, length = len(self.lengths), layers[0][0].shape[2]
        columns = length + min(expected_tokens, COLUMNS) + 1
        if not self._keys:
            self._begin(layers, columns)
        self._make_room(place + 1, columns)
        for index, (key, value) in enumerate(layers):
            self._keys[index][place, :, :length] = key[0]
            self._values[index][place, :, :length] = value[0]
        self.lengths.append(length)
        return place

    def remove(self, place: int) -> int:
        """The place that moved to this one; the same where it was the last."""
        last = len(self.lengths) - 1
        before, length = self.lengths[place], self.lengths[last]
        for buffer in (*self._keys, *self._values):
            if place != last:
                buffer[place, :, :length] = buffer[last, :, :length]
            # A masked column still meets the mathematics: what a row leaves may be no numbers. One column
            # more than it has read, for a pass that failed.
            buffer[place, :, length : before + 1] = 0
            buffer[last, :, : length + 1] = 0
        self.lengths[place] = length
        self.lengths.pop()
        return last

    def open_pass(self, places: Sequence[int]) -> tuple[Tensor, Tensor]:
        """The next pass adds a token to each of these: its mask (rows, 1, 1, columns), and where the new
        tokens stand in their rows (rows, 1).
        """
        lengths = [self.lengths[place] for place in places]
        columns = max(lengths) + 1
        self._make_room(1, columns, spare=COLUMNS)
        device = self._keys[0].device
        self._whole = list(places) == list(range(len(places)))
        self._pass = torch.tensor(list(places), device=device)
        self._at = torch.tensor(lengths, device=device)
        self._columns = columns
        beyond = torch.arange(columns, device=device)[None, :] > self._at[:, None]  # (rows, columns)
        mask = self._keys[0].new_zeros(beyond.shape).masked_fill_(beyond, MASKED)  # (rows, columns)
        for place in places:
            self.lengths[place] += 1
        return mask[:, None, None, :], self._at[:, None]

    def give_up_pass(self, places: Sequence[int]) -> None:
        """The pass failed: its tokens were not read."""
        for place in places:
            self.lengths[place] -= 1

    def update(self, key: Tensor, value: Tensor, layer_idx: int, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Called by each attention layer: write the open column of each row, give back all columns so far."""
        keys, values = self._keys[layer_idx], self._values[layer_idx]
        keys[self._pass, :, self._at] = key[:, :, 0]
        values[self._pass, :, self._at] = value[:, :, 0]
        if self._whole:
            rows = len(self._pass)
            return keys[:rows, :, : self._columns], values[:rows, :, : self._columns]
        return keys[self._pass, :, : self._columns], values[self._pass, :, : self._columns]

    def _begin(self, layers: Sequence[tuple[Tensor, Tensor]], columns: int) -> None:
        """Zeros, not empty memory: a masked column still meets the mathematics and must be finite."""
        shapes = [(4, one.shape[1], columns, one.shape[3]) for one in layers[0]]
        buffers = [
            [one.new_zeros(shape) for one, shape in zip(layer, shapes, strict=True)] for layer in layers
        ]
        self._keys, self._values = ([layer[part] for layer in buffers] for part in (0, 1))

    def _make_room(self, places: int, columns: int, *, spare: int = 0) -> None:
        """Every buffer by its own shape: where memory runs out on the way, the next call does the rest."""
        for buffers in (self._keys, self._values):
            for index, one in enumerate(buffers):
                has_places, _, has_columns, _ = one.shape
                if places <= has_places and columns <= has_columns:
                    continue
                wider = has_columns if columns <= has_columns else columns + spare
                buffers[index] = _grown(one, has_places * (2 if places > has_places else 1), wider)


def _grown(buffer: Tensor, places: int, columns: int) -> Tensor:
    wider = buffer.new_zeros((places, buffer.shape[1], columns, buffer.shape[3]))
    wider[: buffer.shape[0], :, : buffer.shape[2]] = buffer
    return wider
