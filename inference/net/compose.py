"""How do the rows' logits become one token, and what did each seat move?

Composing and measuring, for one token: the open rule with verified caps and measured divergences, or the
private rule with its public charge. Stateless: budgets, dropping and text belong to the token loop.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from accounting.maths.zcdp import private_charge_nats
from inference.net import caps, drawing, open_rule, private_rule, renyi
from inference.net.nudges import Nudges
from inference.net.silence import Silence
from inference.net.transcript import Rule, SeatRecord


@dataclass(frozen=True, slots=True)
class Moved:
    """What one row did at one token. Open: measured; private: the charge alone."""

    weight: float
    limited: bool = False
    forward: float = 0.0
    reverse: float = 0.0
    symmetric: float = 0.0
    help_nats: float = 0.0
    charge_nats: float = 0.0


@dataclass(frozen=True, slots=True)
class Composed:
    """A drawn token with its measurement, per row."""

    token_id: int
    log_probability: float | None  # of the whole vote; none in private answers
    moved: tuple[Moved, ...]
    set_nats: tuple[float, ...] = ()  # symmetric, of whole sets of rows removed at once
    likeliest: tuple[tuple[int, float], ...] = ()  # token ids of the whole vote with their log probabilities


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a token is taken from the vote: its own randomness, truncation and nudges; and how many of the
    likeliest are told beside it, as they stood in the whole vote.
    """

    generator: torch.Generator
    top_p: float = 1.0
    told: int = 0
    nudges: Nudges = field(default_factory=Nudges)


def wanted_weight(seat: SeatRecord) -> float:
    """gamma times relevance."""
    return seat.gamma * seat.relevance


def open_vote(
    *,
    logits: Tensor,
    seats: Sequence[SeatRecord],
    allowances: Sequence[float],
    rule: Rule,
    silences: Sequence[Silence] = (),
) -> caps.Capped:
    """The open vote of one token, within allowances; logits (1 + seats, V). Also what replay calls."""
    return caps.weights_within(
        l0=logits[0],
        ballots=logits[1:],
        wanted=torch.tensor([wanted_weight(seat) for seat in seats], dtype=torch.float64),
        allowances=torch.tensor(list(allowances), dtype=torch.float64),
        r0=rule.core_weight,
        temperature=rule.vote_temperature,
        clip=rule.clip,
        alpha=rule.alpha,
        groups=[seat.group for seat in seats],
        silences=silences,
    )


def compose_open(
    *,
    logits: Tensor,
    seats: Sequence[SeatRecord],
    allowances: Sequence[float],
    rule: Rule,
    drawing_by: Drawing,
    sets: Sequence[Collection[int]] = (),
    silences: Sequence[Silence] = (),
) -> Composed:
    """Vote, draw, measure; `sets` names rows that are also measured together (an owner's, all voters)."""
    capped = open_vote(logits=logits, seats=seats, allowances=allowances, rule=rule, silences=silences)
    log_p = capped.vote.log_p  # (V,)
    law = drawing_by.nudges.on(log_p, temperature=rule.vote_temperature)  # (V,)
    if rule.temperature == 0:
        token = drawing.most_likely(law)
    else:
        token = drawing.draw(law, generator=drawing_by.generator, top_p=drawing_by.top_p)
    helped = capped.help_nats(token)  # (seats,)
    columns = (capped.weights, capped.limited, capped.forward, capped.reverse, capped.symmetric, helped)
    moved = tuple(Moved(*row) for row in zip(*(column.tolist() for column in columns), strict=True))
    together = tuple(float(rows_left_out(capped, rows, alpha=rule.alpha).symmetric) for rows in sets)
    return Composed(token, float(log_p[token]), moved, together, _likeliest(log_p, drawing_by.told))


def _likeliest(log_p: Tensor, count: int) -> tuple[tuple[int, float], ...]:
    """The most likely tokens first; log_p (V,)."""
    if count == 0:
        return ()
    values, tokens = torch.topk(log_p, min(count, log_p.shape[0]))  # (count,)
    return tuple(zip(tokens.tolist(), values.tolist(), strict=True))


def rows_left_out(capped: caps.Capped, rows: Collection[int], *, alpha: float) -> renyi.Divergences:
    """What a set of rows moved together; (1,). A seat that is shared with a row outside the set stays."""
    outside = {seat for row, seat in enumerate(capped.seat_of_row.tolist()) if row not in rows}
    inside = {seat for row, seat in enumerate(capped.seat_of_row.tolist()) if row in rows} - outside - {-1}
    members = torch.tensor(
        [seat in inside for seat in range(capped.vote.seats)], dtype=torch.bool
    )  # (seats,)
    return open_rule.leave_set_out(capped.vote, members, alpha=alpha)


def laws_of_rows(rows: Tensor, gammas: Sequence[float], *, rule: Rule) -> list[tuple[float, ...]]:
    """What the core alone says (rows[0]), and each voter with the right that it had: softmax(l0/T + gamma
    delta). A right of 1 shows its own law, a right of 0 the core's: never more than it may move. rows (1 + S,
    K).
    """
    made = open_rule.pool(
        l0=rows[0], ballots=rows[1:], r0=rule.core_weight, temperature=rule.vote_temperature, clip=rule.clip
    )
    tilts = made.delta * torch.tensor(list(gammas), dtype=made.delta.dtype)[:, None]  # (S, K)
    every = torch.cat([torch.zeros_like(rows[:1]), tilts])  # (1 + S, K)
    return [tuple(law.tolist()) for law in torch.softmax(made.log_core + every, -1)]


def compose_private(
    *,
    logits: Tensor,
    seats: Sequence[SeatRecord],
    rule: Rule,
    generator: torch.Generator,
    silences: Sequence[Silence] = (),
) -> Composed:
    """Draw from the core's own likeliest tokens; every seat pays the same public charge whatever it said."""
    weights = [wanted_weight(seat) for seat in seats]
    etas = [_eta(seat) for seat in seats]
    vote = private_rule.vote(
        l0=logits[0],
        ballots=logits[1:],
        weights=torch.tensor(weights, dtype=torch.float64),
        etas=torch.tensor(etas, dtype=torch.float64),
        temperature=rule.temperature,
        top_k=rule.support,
        silences=silences,
    )
    token = int(vote.support[drawing.draw(vote.log_p, generator=generator)])
    charges = [private_charge_nats(alpha=rule.alpha, eta=eta) for eta in etas]
    moved = tuple(Moved(weight=0.0, charge_nats=charge) for charge in charges)  # the weight stays unsaid
    return Composed(token, None, moved)


def charge_per_token(seat: SeatRecord, rule: Rule) -> float:
    """What a seat pays for each private token: known before anything is drawn."""
    return private_charge_nats(alpha=rule.alpha, eta=_eta(seat))


def _eta(seat: SeatRecord) -> float:
    if seat.eta is None:
        raise ValueError(f"The seat {seat.label} has no eta: it cannot vote in a private answer.")
    return seat.eta
