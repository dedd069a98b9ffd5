"""Can the measurement of an answer be computed again? Yes: from its transcript, its core and its adapters.

Verification, long after the answer: the same rows, shapes and steps with the recorded tokens forced, so
on the same machine every number is equal bit for bit. A pinned rerun leaves sources out and keeps
everything else as it was: its distribution is what the leave-one-out formula says. Private answers are
not replayed.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.net import caps, open_rule, renyi
from inference.net.ballots import Row
from inference.net.compose import open_vote, rows_left_out
from inference.net.core import Core
from inference.net.decoder import Ballots
from inference.net.label_ballots import LabelBallots
from inference.net.lora import Adapter
from inference.net.transcript import TokenRecord, Transcript


@dataclass(frozen=True, slots=True)
class Replayed:
    """One token, measured again; dictionaries by label of the seats that then had a row."""

    token_id: int
    forward: dict[str, float]
    reverse: dict[str, float]
    symmetric: dict[str, float]
    help_nats: dict[str, float]
    weights: dict[str, float]
    capped: caps.Capped

    @property
    def vote(self) -> open_rule.OpenVote:
        return self.capped.vote

    @property
    def log_probability(self) -> float:
        """Of the recorded token under the whole vote."""
        return float(self.vote.log_p[self.token_id])

    def left_out(self, labels: Collection[str], *, alpha: float) -> renyi.Divergences:
        """What these seats moved together: all of them removed at once, the others as they are; (1,)."""
        rows = {row for row, label in enumerate(self.weights) if label in labels}
        return rows_left_out(self.capped, rows, alpha=alpha)


def replay(
    *, core: Core, adapters: Mapping[str, Adapter | None], transcript: Transcript
) -> Iterator[Replayed]:
    """Force the recorded tokens through the same batch and measure every one again."""
    for record, logits in _forced(core, adapters, transcript, without=frozenset()):
        seats = [transcript.seats[index] for index in record.seats]
        capped = open_vote(
            logits=logits,
            seats=seats,
            allowances=record.allowances,
            rule=transcript.rule,
            silences=record.silences,
        )
        labels = [seat.label for seat in seats]
        yield Replayed(
            token_id=record.token_id,
            forward=_named(labels, capped.forward),
            reverse=_named(labels, capped.reverse),
            symmetric=_named(labels, capped.symmetric),
            help_nats=_named(labels, capped.help_nats(record.token_id)),
            weights=_named(labels, capped.weights),
            capped=capped,
        )


def pinned_rerun(
    *,
    core: Core,
    adapters: Mapping[str, Adapter | None],
    transcript: Transcript,
    without: Collection[str],
) -> Iterator[Tensor]:
    """log p_-A per token, (V,): the answer's own tokens and weights, decoded without these sources' rows."""
    rule = transcript.rule
    for record, logits in _forced(core, adapters, transcript, without=frozenset(without)):
        places = [
            place for place, index in enumerate(record.seats) if transcript.seats[index].label not in without
        ]
        rows = [(transcript.seats[record.seats[place]], record.weights[place]) for place in places]
        capped = caps.weights_within(
            l0=logits[0],
            ballots=logits[1:],
            wanted=torch.tensor([weight for _, weight in rows], dtype=torch.float64),
            allowances=torch.full((len(rows),), torch.inf, dtype=torch.float64),
            r0=rule.core_weight,
            temperature=rule.vote_temperature,
            clip=rule.clip,
            alpha=rule.alpha,
            groups=[seat.group for seat, _ in rows],
            silences=[record.silences[place] for place in places] if record.silences else (),
        )
        yield capped.vote.log_p


def _forced(
    core: Core, adapters: Mapping[str, Adapter | None], transcript: Transcript, *, without: frozenset[str]
) -> Iterator[tuple[TokenRecord, Tensor]]:
    """Every recorded token with the logits it was drawn from, (rows, V), rows leaving when they left."""
    if transcript.rule.mode == "private":
        raise ValueError("Private answers are not replayed.")
    if transcript.core_digest != core.digest:
        raise ValueError("The answer was made by another core.")
    live: list[int] = []
    ballots: Ballots | LabelBallots | None = None
    for place, record in enumerate(transcript.tokens):
        staying = [index for index in record.seats if transcript.seats[index].label not in without]
        if ballots is None:
            ballots, live = _begin(core, adapters, transcript, staying), staying
            logits = ballots.prefill()
        else:
            assert isinstance(ballots, Ballots), "a classification is one decision"
            if staying != live:
                ballots.keep([0, *(1 + live.index(index) for index in staying)])
                live = staying
            logits = ballots.step(transcript.tokens[place - 1].token_id)
        yield record, logits.cpu()


def _named(labels: Sequence[str], values: Tensor) -> dict[str, float]:
    return dict(zip(labels, values.tolist(), strict=True))


def _begin(
    core: Core, adapters: Mapping[str, Adapter | None], transcript: Transcript, live: Sequence[int]
) -> Ballots | LabelBallots:
    seats = [transcript.seats[index] for index in live]
    rows = [Row(transcript.core_prompt_ids), *(Row(seat.prompt_ids, adapters[seat.label]) for seat in seats)]
    if transcript.labels is not None:
        return LabelBallots(core=core, rows=rows, labels=transcript.labels)
    return Ballots(core=core, rows=rows, expected_tokens=transcript.max_tokens)
