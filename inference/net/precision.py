"""Which arithmetic is quick enough for bulk work, and where is it allowed?

Training and the embedding of passages multiply in bfloat16 where the processor does that itself (sums and
norms stay float32); answers and measurements never do: they are float32 on every CPU, so that replay
agrees elsewhere.
"""

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import torch


@cache
def native_bfloat16() -> bool:
    """Does this CPU multiply bfloat16 itself? (Where it must emulate it, float32 is the quicker one.)"""
    abilities = torch.cpu.get_capabilities()
    return any(
        bool(abilities.get(name)) for name in ("avx512_bf16", "amx_bf16", "amx_tile", "sve_bf16", "bf16")
    )


def quick_products(device: torch.device) -> AbstractContextManager[Any]:
    """Within it, matrix products of bulk work are quick."""
    if device.type == "cuda" or native_bfloat16():
        return torch.autocast(device.type, torch.bfloat16)
    return nullcontext()
