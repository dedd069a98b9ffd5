"""Makers of small things that tests of the model side need."""

import torch

from inference.net.core import Core, adaptable_linears
from inference.net.lora import Adapter


def make_adapter(core: Core, seed: int, *, rank: int = 4, size: float = 0.2) -> Adapter:
    """A random adapter, strong enough that its ballot differs from the core's."""
    generator = torch.Generator().manual_seed(seed)
    linears = adaptable_linears(core.model)
    down = {n: torch.randn(m.in_features, rank, generator=generator) * size for n, m in linears.items()}
    up = {n: torch.randn(rank, m.out_features, generator=generator) * size for n, m in linears.items()}
    return Adapter(core.digest, down, up)
