"""How do rows of many answers wear their own adapters in one forward pass?

Composing, inside the shared batch. Every adapter in use has one slot in a stack per linear layer, however
many rows wear it; a pass groups the rows by slot and multiplies each group with its own slot (as punica and
S-LoRA do). Adapters are never added to shared weights, and a row without one pays nothing. Knows no caches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from inference.net.core import Core, adaptable_linears
from inference.net.lora import Adapter


@dataclass(slots=True)
class Grouping:
    """Which rows of the pass in flight wear which slots; slots are in use from 0 on, without gaps."""

    slots: int = 0
    widest: int = 0  # rows of the largest group
    rows: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.long))  # that wear one, (R,)
    places: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.long))  # of each in its group
    gather: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.long))  # row at each place
    is_full: bool = False  # no place is empty: an empty one repeats row 0, and nobody looks at it
    start: int = 0  # the first slot of the pass


class GroupedLinear(nn.Module):
    """A frozen linear layer that adds to each row its own source's low-rank product."""

    def __init__(self, base: nn.Linear, grouping: Grouping) -> None:
        super().__init__()
        self.base = base
        self.grouping = grouping
        self.down = base.weight.new_zeros((0, base.in_features, 0))  # (slots, inputs, rank)
        self.up = base.weight.new_zeros((0, 0, base.out_features))  # (slots, rank, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """x: (rows, tokens, inputs)."""
        y: Tensor = self.base(x)  # (rows, tokens, outputs)
        now = self.grouping
        if now.slots == 0:
            return y
        end = now.start + now.slots
        tokens, (_, _, inputs) = x.shape[1], x.shape
        grouped = x.index_select(0, now.gather).view(now.slots, now.widest * tokens, inputs)
        low = torch.bmm(grouped, self.down[now.start : end])  # (slots, rows x tokens, rank)
        moved = torch.bmm(low, self.up[now.start : end])  # (slots, rows x tokens, outputs)
        moved = moved.view(now.slots * now.widest, tokens, -1)
        y.index_add_(0, now.rows, moved if now.is_full else moved.index_select(0, now.places))
        return y

    def put(self, slot: int, down: Tensor | None, up: Tensor | None) -> None:
        """The adapter of a slot; zeros where it does not know this layer."""
        for name, part in (("down", down), ("up", up)):
            stack = getattr(self, name)
            stack[slot] = 0
            if part is not None:
                stack[slot, : part.shape[0], : part.shape[1]] = part.to(stack)

    def move(self, source: int, target: int) -> None:
        self.down[target], self.up[target] = self.down[source], self.up[source]

    def grow(self, slots: int, rank: int) -> None:
        """Room for so many slots of such a rank; what is there stays, and both stacks change or none."""
        grown = {}
        for name, shape in (
            ("down", (slots, self.base.in_features, rank)),
            ("up", (slots, rank, self.base.out_features)),
        ):
            old = getattr(self, name)
            wider = old.new_zeros(shape)
            wider[: old.shape[0], : old.shape[1], : old.shape[2]] = old
            grown[name] = wider
        self.down, self.up = grown["down"], grown["up"]


class AdapterSlots:
    """The adapters in use, each once. `take` and `give_back` count how many rows wear it."""

    def __init__(self, core: Core) -> None:
        self.tree = core.voting_tree(packed=True)
        self._grouping = Grouping()
        self._device = core.device
        self._layers = _wrapped(self.tree, self._grouping)
        self._worn: list[tuple[Adapter, int]] = []  # by slot: whose, and by how many rows
        self._slots, self._rank = 0, 0

    def __len__(self) -> int:
        return len(self._worn)

    def take(self, adapter: Adapter) -> None:
        slot = self._slot(adapter)
        if slot is not None:
            self._worn[slot] = (adapter, self._worn[slot][1] + 1)
            return
        slot = len(self._worn)
        if slot >= self._slots or adapter.rank > self._rank:
            slots, rank = max(self._slots, 2 * slot, 4), max(self._rank, adapter.rank)
            for layer in self._layers.values():
                layer.grow(slots, rank)
            self._slots, self._rank = slots, rank  # only now: without memory for one layer, all do it again
        for name, layer in self._layers.items():
            layer.put(slot, adapter.down.get(name), adapter.up.get(name))
        self._worn.append((adapter, 1))

    def give_back(self, adapter: Adapter) -> None:
        """The last slot moves to where one became free."""
        slot = self._slot(adapter)
        assert slot is not None, "only what was taken is given back"
        rows = self._worn[slot][1] - 1
        if rows:
            self._worn[slot] = (adapter, rows)
            return
        last = len(self._worn) - 1
        if slot != last:
            for layer in self._layers.values():
                layer.move(last, slot)
            self._worn[slot] = self._worn[last]
        self._worn.pop()

    def route(self, adapters: Sequence[Adapter | None]) -> None:
        """The next pass has these rows."""
        now, counts = self._grouping, dict[int, int]()
        worn = [(row, self._slot(one)) for row, one in enumerate(adapters) if one is not None]
        slots = [slot for _, slot in worn if slot is not None]
        now.slots = 0
        if not slots:
            return
        now.start = min(slots)
        order = []
        for slot in slots:
            order.append((slot - now.start, counts.get(slot, 0)))
            counts[slot] = counts.get(slot, 0) + 1
        now.slots, now.widest = max(slots) - now.start + 1, max(counts.values())
        at = {slot * now.widest + place: row for (row, _), (slot, place) in zip(worn, order, strict=True)}
        now.is_full = len(at) == now.slots * now.widest
        now.rows = torch.tensor([at[place] for place in sorted(at)], device=self._device)
        now.places = torch.tensor(sorted(at), device=self._device)
        now.gather = torch.tensor(
            [at.get(place, 0) for place in range(now.slots * now.widest)], device=self._device
        )

    def _slot(self, adapter: Adapter) -> int | None:
        """Adapters are told apart by identity: two sources never share one, however alike they are."""
        return next((slot for slot, (one, _) in enumerate(self._worn) if one is adapter), None)


def _wrapped(tree: object, grouping: Grouping) -> dict[str, GroupedLinear]:
    layers = {}
    for name, linear in adaptable_linears(tree).items():
        parent, _, child = name.rpartition(".")
        layers[name] = GroupedLinear(linear, grouping)
        setattr(tree.get_submodule(parent), child, layers[name])  # type: ignore[attr-defined]
    return layers
