"""Random pools of ballots: calm ones, peaked ones, and ones with spikes that a bad adapter might have."""

from dataclasses import dataclass

import torch
from torch import Tensor

R0 = 0.25
CLIP = 24.0


@dataclass(frozen=True, slots=True)
class Ballots:
    l0: Tensor  # (V,)
    rows: Tensor  # (S, V)
    weights: Tensor  # (S,)

    def terms(self, temperature: float = 0.7, clip: float = CLIP) -> dict:
        return {"l0": self.l0, "ballots": self.rows, "r0": R0, "temperature": temperature, "clip": clip}


def random_pool(
    seed: int, *, seats: int | None = None, vocabulary: int | None = None, dtype=torch.float32
) -> Ballots:
    """Every fourth pool has spikes, every fourth is far from the core, every fifth has near copies."""
    rng = torch.Generator().manual_seed(seed)
    seats = seats or int(torch.randint(1, 16, (), generator=rng))
    size = vocabulary or int(torch.randint(3, 2000, (), generator=rng))
    sharpness = float(torch.rand((), generator=rng)) * 6
    l0 = torch.randn(size, generator=rng, dtype=torch.float64) * sharpness  # (V,)
    width = torch.rand(seats, 1, generator=rng, dtype=torch.float64) * (8 if seed % 4 == 1 else 2)
    rows = l0 + torch.randn(seats, size, generator=rng, dtype=torch.float64) * width  # (S, V)
    if seed % 4 == 0:
        spiked = torch.rand(seats, size, generator=rng) < 3 / size
        rows = rows + spiked * (torch.randn(seats, 1, generator=rng, dtype=torch.float64) * 30)
    if seed % 5 == 0 and seats > 1:
        rows[1] = rows[0] + 1e-3 * torch.randn(size, generator=rng, dtype=torch.float64)
    weights = torch.rand(seats, generator=rng, dtype=torch.float64)
    return Ballots(l0.to(dtype), rows.to(dtype), weights)


def random_allowances(seed: int, seats: int) -> Tensor:
    """From next to nothing to one nat; now and then most seats have none."""
    rng = torch.Generator().manual_seed(seed + 1_000_000)
    allowances = torch.rand(seats, generator=rng, dtype=torch.float64)
    allowances = allowances * 10.0 ** torch.randint(-6, 2, (seats,), generator=rng)
    if seed % 3 == 0:
        allowances[torch.rand(seats, generator=rng) < 0.6] = torch.inf
    return allowances
