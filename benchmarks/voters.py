"""Seats for benchmarks: what they say does not matter, what they cost does.

Adapters have the real rank and touch every layer that real ones touch; prompts have the length of a question
with three passages. Nothing here is trained.
"""

from pathlib import Path

import torch

from inference.net import constants
from inference.net.ballots import Row
from inference.net.core import Core, adaptable_linears
from inference.net.decoder import Ballots
from inference.net.lora import Adapter

CORE = Path(__file__).resolve().parent.parent / "var" / "cores" / "smollm2-135m-instruct"
QUESTION_TOKENS = 40


def adapter(core: Core, *, seed: int) -> Adapter:
    """Random low-rank weights of a trained one's size."""
    rng = torch.Generator().manual_seed(seed)
    rank = constants.ADAPTER_RANK
    down, up = {}, {}
    for name, linear in adaptable_linears(core.model).items():
        down[name] = torch.randn(linear.in_features, rank, generator=rng) * linear.in_features**-0.5
        up[name] = torch.randn(rank, linear.out_features, generator=rng) * 0.02
    return Adapter(core.digest, down, up)


def rows(core: Core, *, voters: int, prompt_tokens: int) -> list[Row]:
    """The core's row with the question alone, and one row per voter with its passages before it."""
    rng = torch.Generator().manual_seed(voters)

    def ids(count: int) -> list[int]:
        return torch.randint(100, core.vocabulary, (count,), generator=rng).tolist()

    return [
        Row(ids(QUESTION_TOKENS)),
        *(Row(ids(prompt_tokens), adapter(core, seed=seed)) for seed in range(voters)),
    ]


def ballots(core: Core, *, voters: int, prompt_tokens: int, tokens: int) -> Ballots:
    """A batch that is ready to read its prompts."""
    made = rows(core, voters=voters, prompt_tokens=prompt_tokens)
    return Ballots(core=core, rows=made, expected_tokens=tokens)
