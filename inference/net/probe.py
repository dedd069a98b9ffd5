"""Which logits does a composition give to a fixed prompt? As one digest, to be compared bit for bit.

Measuring. Canonical: one answer alone, its rows in their order, the likeliest token taken each time, no caps.
Equal digests mean equal bits of every logit of every token.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from inference.net import constants, drawing
from inference.net.ballots import Row
from inference.net.compose import open_vote, wanted_weight
from inference.net.core import Core
from inference.net.decoder import Ballots
from inference.net.lora import Adapter
from inference.net.transcript import Rule, SeatRecord


@dataclass(frozen=True, slots=True)
class Voter:
    """A row of the composition."""

    label: str
    adapter: Adapter | None
    prompt_ids: tuple[int, ...]
    gamma: float
    relevance: float
    group: int | None = None


def vote_digest(
    *, core: Core, prompt_ids: Sequence[int], voters: Sequence[Voter], tokens: int, alpha: float
) -> str:
    """SHA-256 over log p of every vocabulary entry, float32, of so many tokens; gamma 0 is absence."""
    rule = Rule(
        "open", alpha, 0.0, constants.CORE_WEIGHT, constants.clip_for(core.slug), constants.PRIVATE_SUPPORT
    )
    records = [
        SeatRecord(one.label, one.prompt_ids, one.relevance, one.gamma, one.group, None) for one in voters
    ]
    live = [place for place, record in enumerate(records) if wanted_weight(record) > 0]
    seats = [records[place] for place in live]
    rows = [Row(prompt_ids), *(Row(voters[place].prompt_ids, voters[place].adapter) for place in live)]
    ballots = Ballots(core=core, rows=rows, expected_tokens=tokens)
    logits, digest = ballots.prefill(), hashlib.sha256()  # (rows, V)
    for number in range(tokens):
        capped = open_vote(logits=logits.cpu(), seats=seats, allowances=[torch.inf] * len(seats), rule=rule)
        log_p = capped.vote.log_p.float()  # (V,)
        digest.update(log_p.numpy().tobytes())
        if number + 1 < tokens:
            logits = ballots.step(drawing.most_likely(log_p))  # (rows, V)
    return digest.hexdigest()
