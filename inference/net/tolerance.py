"""Within which error does a replay agree with what was measured when the answer was made?

Verifying. A matrix product of many rows rounds otherwise than one of few, so an answer that shared its batch
with others differs from its canonical replay in the last bits. In float32 that error is known to be far below
a bound that is stated once; in bfloat16 it depends on the core, so it is measured on the core that is loaded,
once, and stands on every receipt. It decides nothing about an answer.
"""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from inference.net import constants
from inference.net.ballots import Row
from inference.net.compose import open_vote
from inference.net.core import Core, adaptable_linears
from inference.net.decoder import Ballots
from inference.net.lora import Adapter
from inference.net.transcript import Rule, SeatRecord

PROBE = (
    "A closure keeps the variables of the function around it. The whale is a mammal that lives in the sea."
)
PROBE_TOKENS = 24
COMPANIONS = (1, 5, 13)  # further rows in the batch
SEATS = 2
RANK = 8
MARGIN = 8.0  # the largest error that was seen, times this
LARGEST_PART = 1e-2  # sums below this part of the largest are judged by their absolute error


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A sum over an answer's tokens agrees within max(relative times the sum, nats a token times tokens)."""

    precision: str
    relative: float
    nats_per_token: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


FLOAT32 = Tolerance("float32", 1e-3, 1e-6)


def tolerance_for(core: Core) -> Tolerance:
    """float32: as stated; any other precision: measured here, and never below float32's."""
    return FLOAT32 if core.dtype == torch.float32 else measured(core)


def measured(core: Core) -> Tolerance:
    """The largest differences of a short forced answer between batches of several sizes, with a margin."""
    alone = _attributions(core, companions=0)  # (tokens, SEATS)
    relative = absolute = 0.0
    for companions in COMPANIONS:
        among = _attributions(core, companions=companions)  # (tokens, SEATS)
        error = (among - alone).abs()  # (tokens, SEATS)
        telling = alone > LARGEST_PART * alone.max()  # (tokens, SEATS)
        relative = max(relative, float((error / alone.clamp_min(1e-12))[telling].max()))
        absolute = max(absolute, float(error[~telling].max()) if bool((~telling).any()) else 0.0)
    return Tolerance(
        str(core.dtype).removeprefix("torch."),
        max(FLOAT32.relative, MARGIN * relative),
        max(FLOAT32.nats_per_token, MARGIN * absolute),
    )


def _attributions(core: Core, *, companions: int) -> Tensor:
    """Symmetric nats of every seat at every token of the probe, decoded among so many other rows."""
    prompt = core.encode(PROBE)
    forced = (prompt * (PROBE_TOKENS // max(len(prompt), 1) + 1))[:PROBE_TOKENS]
    adapters = [_adapter(core, seed) for seed in range(SEATS)]
    rows = [Row(prompt), *(Row(prompt, adapters[index % SEATS]) for index in range(SEATS + companions))]
    ballots = Ballots(core=core, rows=rows, expected_tokens=PROBE_TOKENS)
    rule = Rule(
        "open", constants.ALPHA, 1.0, constants.CORE_WEIGHT, constants.clip_for(core.slug),
        constants.PRIVATE_SUPPORT,
    )  # fmt: skip
    seats = [SeatRecord(str(index), (), 1.0, 1.0, None, None) for index in range(SEATS)]
    found, logits = [], ballots.prefill()  # (rows, V)
    for token in forced:
        own = logits[: 1 + SEATS].cpu()  # (1 + SEATS, V)
        capped = open_vote(logits=own, seats=seats, allowances=[torch.inf] * SEATS, rule=rule)
        found.append(capped.symmetric)
        logits = ballots.step(token)
    return torch.stack(found)  # (tokens, SEATS)


def _adapter(core: Core, seed: int) -> Adapter:
    """About as loud as a trained one: each product adds a tenth of what the layer itself says."""
    generator = torch.Generator().manual_seed(seed)
    down, up = {}, {}
    for name, linear in adaptable_linears(core.model).items():
        size = float(linear.weight.float().std()) * 0.1
        down[name] = torch.randn(linear.in_features, RANK, generator=generator) / linear.in_features**0.5
        up[name] = (
            torch.randn(RANK, linear.out_features, generator=generator) * size * linear.in_features**0.5
        )
    return Adapter(core.digest, down, up)
