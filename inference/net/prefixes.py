"""What was read before and need not be read again: keys and values of the beginnings of prompts.

Composing, inside the shared batch. Only what a prompt declares as shared is kept: the system prompt and a
source's leading passages, never a caller's words. Under one adapter, told by identity, so that no source's
row meets what was read under another's. Least recently used go first, within a limit of bytes.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from inference.net.lora import Adapter

LEAST_TOKENS = 8  # a shorter beginning costs more to look up than to read
Layers = tuple[tuple[Tensor, Tensor], ...]  # keys and values, (1, heads, tokens, width) each


@dataclass(frozen=True, slots=True)
class _Known:
    adapter: Adapter | None  # kept alive, so that its identity is not given to another
    ids: tuple[int, ...]
    layers: Layers

    @property
    def bytes(self) -> int:
        return sum(key.numel() * key.element_size() + value.numel() * value.element_size()
                   for key, value in self.layers)  # fmt: skip


class Prefixes:
    """Used by the batch's one thread."""

    def __init__(self, *, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._known: OrderedDict[tuple[int, tuple[int, ...]], _Known] = OrderedDict()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        return self._bytes

    def longest(self, adapter: Adapter | None, shared: Sequence[int]) -> tuple[int, Layers]:
        """How many of these first tokens are known, and what was read of them."""
        best, found = 0, None
        for key, one in self._known.items():
            if one.adapter is adapter:
                common = _common(one.ids, shared)
                if common > best:
                    best, found = common, key
        if found is None or best < LEAST_TOKENS:
            return 0, ()
        self._known.move_to_end(found)
        return best, _first(self._known[found].layers, best)

    def remember(self, adapter: Adapter | None, shared: Sequence[int], layers: Layers) -> None:
        """`layers` hold at least the shared tokens."""
        key = (id(adapter), tuple(shared))
        if len(shared) < LEAST_TOKENS or key in self._known:
            return
        kept = tuple((k.clone(), v.clone()) for k, v in _first(layers, len(shared)))
        known = _Known(adapter, tuple(shared), kept)
        if known.bytes > self._most_bytes:
            return
        self._known[key] = known
        self._bytes += known.bytes
        while self._bytes > self._most_bytes:
            _, gone = self._known.popitem(last=False)
            self._bytes -= gone.bytes


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


def _first(layers: Layers, tokens: int) -> Layers:
    return tuple((key[:, :, :tokens], value[:, :, :tokens]) for key, value in layers)
