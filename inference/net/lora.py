"""What does a source's adapter consist of, and how do many adapters run in one batch?

Training writes one `Adapter` per partition; composing stacks the adapters of all seats, layer by layer, and
`VotingLinear` applies to each row its own. Row 0, the core, has none and pays nothing. Adapters are never
added to shared weights. Files are safetensors, checked against shapes and finiteness; nothing is
unpickled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from inference.net.core import Core, adaptable_linears


class AdapterInvalid(ValueError):
    """The adapter does not fit this core, or its numbers are not finite."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Adapter:
    """Low-rank weights per linear layer: y += (x @ down) @ up. The usual scale is already in `up`."""

    core_digest: str
    down: Mapping[str, Tensor]  # name -> (inputs, rank)
    up: Mapping[str, Tensor]  # name -> (rank, outputs)

    @property
    def rank(self) -> int:
        """Columns of the bottleneck."""
        return int(next(iter(self.down.values())).shape[1])

    @property
    def parameters(self) -> int:
        """Parameters that belong to the source alone."""
        return sum(t.numel() for t in self.down.values()) + sum(t.numel() for t in self.up.values())

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return sum(tensor.nbytes for tensor in self.tensors().values())

    def tensors(self) -> dict[str, Tensor]:
        """Named as they stand in the file."""
        return {f"{name}.down": t for name, t in self.down.items()} | {
            f"{name}.up": t for name, t in self.up.items()
        }


def adapter_from_tensors(*, core: Core, core_digest: str, tensors: Mapping[str, Tensor]) -> Adapter:
    """Build an adapter from a file's tensors; every name, shape and number is checked against the core."""
    if core_digest != core.digest:
        raise AdapterInvalid("The adapter was trained on another core.")
    down = {name.removesuffix(".down"): t for name, t in tensors.items() if name.endswith(".down")}
    up = {name.removesuffix(".up"): t for name, t in tensors.items() if name.endswith(".up")}
    linears = adaptable_linears(core.model)
    if (
        not down
        or down.keys() != up.keys()
        or len(down) + len(up) != len(tensors)
        or down.keys() - linears.keys()
    ):
        raise AdapterInvalid("The adapter names layers that this core does not have.")
    ranks = {t.shape[-1] for t in down.values()}
    for name, inward in down.items():
        _check_layer(name, inward, up[name], linears[name])
    if len(ranks) != 1:
        raise AdapterInvalid("The adapter's layers differ in rank.")
    return Adapter(core_digest, down, up)


def _check_layer(name: str, down: Tensor, up: Tensor, linear: nn.Linear) -> None:
    rank = down.shape[-1]
    if tuple(down.shape) != (linear.in_features, rank) or tuple(up.shape) != (rank, linear.out_features):
        raise AdapterInvalid(f"The adapter's shapes do not fit layer {name}.")
    if not (torch.isfinite(down).all() and torch.isfinite(up).all()):
        raise AdapterInvalid(f"The adapter has numbers that are not finite in layer {name}.")


@dataclass(slots=True)
class Lanes:
    """Which rows of the batch now in flight use which entries of the stacked adapters."""

    first_row: int = 0
    start: int = 0
    stop: int = 0


class VotingLinear(nn.Module):
    """A frozen linear layer that adds to each row its own source's low-rank product."""

    def __init__(self, base: nn.Linear, lanes: Lanes, down: Tensor, up: Tensor) -> None:
        super().__init__()
        self.base = base
        self.lanes = lanes
        self.down = down  # (seats, inputs, rank)
        self.up = up  # (seats, rank, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """x: (rows, tokens, inputs)."""
        y: Tensor = self.base(x)  # (rows, tokens, outputs)
        lanes = self.lanes
        if lanes.stop > lanes.start:
            low = torch.bmm(
                x[lanes.first_row :], self.down[lanes.start : lanes.stop]
            )  # (seats, tokens, rank)
            y[lanes.first_row :].baddbmm_(low, self.up[lanes.start : lanes.stop])
        return y


def seat_adapters(tree: Any, adapters: Sequence[Adapter | None], lanes: Lanes) -> list[VotingLinear]:
    """Wrap the linear layers that some adapter names; a seat without one has zeros in the stack."""
    present = [adapter for adapter in adapters if adapter is not None]
    names = sorted({name for adapter in present for name in adapter.down})
    linears = adaptable_linears(tree)
    wrapped = []
    for name in names:
        down = _stack(adapters, name, linears[name], inward=True)
        up = _stack(adapters, name, linears[name], inward=False)
        layer = VotingLinear(linears[name], lanes, down, up)
        parent, _, child = name.rpartition(".")
        setattr(tree.get_submodule(parent), child, layer)
        wrapped.append(layer)
    return wrapped


def _stack(adapters: Sequence[Adapter | None], name: str, linear: nn.Linear, *, inward: bool) -> Tensor:
    """One layer of all seats in one tensor, padded with zeros to the largest rank."""
    rank = max(adapter.rank for adapter in adapters if adapter is not None)
    shape = (linear.in_features, rank) if inward else (rank, linear.out_features)
    stack = linear.weight.new_zeros((len(adapters), *shape))  # (seats, ...)
    for index, adapter in enumerate(adapters):
        part = None if adapter is None else (adapter.down if inward else adapter.up).get(name)
        if part is not None:
            stack[index, : part.shape[0], : part.shape[1]] = part.to(stack)
    return stack
