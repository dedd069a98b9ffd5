"""How is an answer made, token by token?

Composing and measuring: rows are read, and for each token the vote is taken within what every seat may still
spend, a token is drawn, the seats' influence is spent, text that is safe to show leaves. A seat whose
allowance ends loses its row before the next token. Pure: money, channels and databases are behind
`Allowance`.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from inference.net import constants
from inference.net.ballots import BallotBox, OpenBallots, Row
from inference.net.caps import allowance as slice_of
from inference.net.compose import (
    Composed,
    Drawing,
    Moved,
    charge_per_token,
    compose_open,
    compose_private,
    laws_of_rows,
    wanted_weight,
)
from inference.net.core import Core
from inference.net.decoder import alone
from inference.net.detokenise import TextStream
from inference.net.grams import Grams
from inference.net.guard import Guard
from inference.net.label_ballots import LabelBallots
from inference.net.labels import Labels, LabelStream
from inference.net.lora import Adapter
from inference.net.nudges import Nudges
from inference.net.prompts import PromptTooLong
from inference.net.transcript import Mode, Rule, SeatRecord, TokenRecord, Transcript

Law = tuple[str | None, tuple[float, ...]]  # whose, and its probability of every label


class Allowance(Protocol):
    """What seats may spend now. The caller holds nats in blocks and tops up; 0 means: no more."""

    def left_nats(self, label: str) -> float:
        """Nats that the seat may spend on the next token, at most."""

    def spend(self, label: str, nats: float) -> None:
        """The seat moved the token that was just drawn by so much."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A source's place in this answer."""

    label: str
    adapter: Adapter | None
    prompt_ids: Sequence[int]
    relevance: float
    gamma: float
    cap_nats: float  # for the whole answer
    shared_tokens: int = 0  # of its prompt, from the beginning: nothing of the caller's
    group: int | None = None  # near-duplicates share a number
    eta: float | None = None  # private answers
    grams: Grams | None = None  # of a source that must not be quoted: it never completes twelve of its words


@dataclass(frozen=True, slots=True)
class SeatStep:
    """What one seat did at one token; all zero once it has left."""

    label: str
    gamma_effective: float = 0.0
    limited: bool = False
    forward: float = 0.0
    reverse: float = 0.0
    symmetric: float = 0.0
    help_nats: float = 0.0
    charge_nats: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """One token. `text_delta` is what may be shown now, which can lag behind the token."""

    index: int
    token_id: int
    text_delta: str
    finish_reason: str | None  # "stop" (end token or stop string), "length", or None: more follows
    log_probability: float | None
    seats: tuple[SeatStep, ...]  # every seat, in the order given
    set_nats: tuple[float, ...]  # symmetric, of every set, in the order given; none in private answers
    likeliest: tuple[tuple[int, float], ...] = ()  # ids with log probabilities, of the whole vote
    begins_at: int = 0  # characters of the answer before this token
    laws: tuple[Law, ...] = ()  # of an open classification: the core's own (no label) and every voter's


def generate(
    *,
    core: Core,
    core_prompt_ids: Sequence[int],
    seats: Sequence[Seat],
    allowance: Allowance,
    max_tokens: int,
    mode: Mode = "open",
    alpha: float = constants.ALPHA,
    temperature: float = 0.7,
    top_p: float = 1.0,
    seed: int | None = None,
    stop: Sequence[str] = (),
    sets: Sequence[Sequence[str]] = (),
    likeliest: int = 0,
    labels: Labels | None = None,
    nudges: Nudges | None = None,
    ballots: OpenBallots | None = None,
    lead: str = "",
) -> "Generation":
    """Prepare an answer; `sets` are labels that are also measured together (an owner's seats, all seats);
    `likeliest` tokens of each vote are told, in open answers only. With `labels` it is a classification:
    one step, whose token is the place of a label. `ballots` opens the rows: by itself an answer has a batch
    of its own. `lead` is the text that the answer goes on from, as its reader sees it.
    """
    if mode == "private" and (temperature <= 0 or top_p < 1 or seed is not None or nudges is not None):
        raise ValueError("Private answers are sampled: no temperature 0, no top_p, no seed, no nudges.")
    clip = constants.clip_for(core.slug)
    rule = Rule(mode, alpha, temperature, constants.CORE_WEIGHT, clip, constants.PRIVATE_SUPPORT)
    longest = max(len(ids) for ids in (core_prompt_ids, *(seat.prompt_ids for seat in seats)))
    if longest >= core.context_tokens:
        raise PromptTooLong(tokens=longest, most=core.context_tokens - 1)
    records = tuple(
        SeatRecord(seat.label, tuple(seat.prompt_ids), seat.relevance, seat.gamma, seat.group, seat.eta)
        for seat in seats
    )
    room = min(max_tokens, core.context_tokens - longest)
    transcript = Transcript(core.digest, rule, room, tuple(core_prompt_ids), records, labels=labels)
    generator = torch.Generator().manual_seed(secrets.randbits(63) if seed is None else seed % 2**63)
    stream = TextStream(core.decode, stop=stop) if labels is None else LabelStream(labels)
    places = {seat.label: index for index, seat in enumerate(seats)}
    return Generation(
        core=core,
        seats=tuple(seats),
        transcript=transcript,
        allowance=allowance,
        drawing=Drawing(generator, top_p, told=likeliest, nudges=nudges or Nudges()),
        stream=stream,
        sets=tuple(tuple(places[label] for label in labels) for labels in sets),
        ballots=ballots or alone(core),
        guard=Guard.of(core, [seat.grams for seat in seats if labels is None], lead=lead),
    )


class Generation:
    """An answer in the making: iterate over its steps, once; the transcript grows with it.

    Its rows are given back when it ends, fails, is closed, or its iterator is abandoned.
    """

    def __init__(
        self,
        *,
        core: Core,
        seats: tuple[Seat, ...],
        transcript: Transcript,
        allowance: Allowance,
        drawing: Drawing,
        stream: TextStream | LabelStream,
        sets: tuple[tuple[int, ...], ...],
        ballots: OpenBallots,
        guard: Guard,
    ) -> None:
        self.transcript = transcript
        self._core = core
        self._seats = seats
        self._allowance = allowance
        self._drawing = drawing
        self._stream = stream
        self._sets = sets
        self._end_ids = core.end_ids if transcript.labels is None else frozenset()
        self._open = ballots
        self._box: BallotBox | None = None
        self._guard = guard
        self._left = {seat.label: seat.cap_nats for seat in seats}
        self._live = [index for index, record in enumerate(transcript.seats) if self._takes_part(record)]

    def __iter__(self) -> Iterator[Step]:
        """Yield every token as it is drawn; stop iterating and nothing more is spent."""
        try:
            yield from self._steps()
        finally:
            self.close()

    def close(self) -> None:
        """Give the rows back; closing twice does nothing more."""
        box, self._box = self._box, None
        if box is not None:
            box.close()

    def _steps(self) -> Iterator[Step]:
        self._live = [index for index in self._live if self._may_spend(index)]
        rows = [Row(self.transcript.core_prompt_ids)]
        rows += [self._row(self._seats[i]) for i in self._live]
        if self.transcript.labels is not None:
            yield self._decided(LabelBallots(core=self._core, rows=rows, labels=self.transcript.labels))
            return
        self._box = box = self._open(rows, self.transcript.max_tokens)
        logits = box.prefill()  # (rows, V)
        for index in range(self.transcript.max_tokens):
            step = self._take(index, logits)
            yield step
            if step.finish_reason is not None:
                return
            self._drop_exhausted(box)
            logits = box.step(step.token_id)  # (rows, V)

    def _row(self, seat: Seat) -> Row:
        return Row(seat.prompt_ids, seat.adapter, seat.shared_tokens)

    def _decided(self, ballots: LabelBallots) -> Step:
        """The one step of a classification, with what each row said as far as it counted."""
        rows = ballots.prefill()  # (rows, labels)
        step = self._take(0, rows)
        if self.transcript.rule.mode == "private":
            return step
        weights = self.transcript.tokens[0].weights
        voters = [(self._seats[index], weight) for index, weight in zip(self._live, weights, strict=True)]
        gammas = [weight / seat.relevance for seat, weight in voters]
        laws = laws_of_rows(rows, gammas, rule=self.transcript.rule)
        names = (None, *(seat.label for seat, _ in voters))
        return replace(step, laws=tuple(zip(names, laws, strict=True)))

    def _take(self, index: int, logits: Tensor) -> Step:
        """One token: compose within the allowances, spend, record, turn into text."""
        rule, live = self.transcript.rule, [self.transcript.seats[i] for i in self._live]
        allowances = self._allowances(self.transcript.max_tokens - index)
        silences = self._guard.silences(self._live)
        logits = logits.cpu()
        if rule.mode == "private":
            composed = compose_private(
                logits=logits,
                seats=live,
                rule=rule,
                generator=self._drawing.generator,
                silences=silences,
            )
        else:
            composed = compose_open(
                logits=logits, seats=live, allowances=allowances, rule=rule, drawing_by=self._drawing,
                sets=[{self._live.index(i) for i in members if i in self._live} for members in self._sets],
                silences=silences,
            )  # fmt: skip
        self._spend(composed)
        self._drawing.nudges.drawn(composed.token_id)
        weights = tuple(moved.weight for moved in composed.moved)
        record = TokenRecord(composed.token_id, tuple(self._live), weights, tuple(allowances), silences)
        self.transcript.tokens.append(record)
        self._guard.drawn(composed.token_id)
        return self._step(index, composed)

    def _step(self, index: int, composed: Composed) -> Step:
        token = composed.token_id
        ended = token in self._end_ids
        begins_at = self._stream.length
        text = "" if ended else self._stream.push(token)
        reason = "stop" if ended or self._stream.stopped else None
        if reason is None and index + 1 == self.transcript.max_tokens:
            reason = "length"
        if reason is not None:
            text += self._stream.finish()
            reason = "stop" if self._stream.stopped else reason
        seats = self._seat_steps(composed)
        return Step(
            index, token, text, reason, composed.log_probability, seats, composed.set_nats,
            composed.likeliest, begins_at,
        )  # fmt: skip

    def _seat_steps(self, composed: Composed) -> tuple[SeatStep, ...]:
        moved = dict(zip(self._live, composed.moved, strict=True))
        steps = []
        for index, seat in enumerate(self._seats):
            own = moved.get(index)
            if own is None:
                steps.append(SeatStep(seat.label))
                continue
            steps.append(_seen(seat, own))
        return tuple(steps)

    def _spend(self, composed: Composed) -> None:
        for index, moved in zip(self._live, composed.moved, strict=True):
            label = self._seats[index].label
            nats = moved.symmetric + moved.charge_nats  # one of them is 0
            self._left[label] -= nats
            self._allowance.spend(label, nats)

    def _allowances(self, tokens_left: int) -> list[float]:
        """Per live row: its slice of what the answer's cap leaves, and never more than is held for it now."""
        labels = [self._seats[index].label for index in self._live]
        left = torch.tensor([self._left[label] for label in labels], dtype=torch.float64)
        slices: list[float] = slice_of(left, tokens_left).tolist()
        held = [self._allowance.left_nats(label) for label in labels]
        return [max(0.0, min(pair)) for pair in zip(slices, held, strict=True)]

    def _takes_part(self, record: SeatRecord) -> bool:
        """A right of 0 is absence. Private: an irrelevant source keeps its row, leaving would tell."""
        return record.gamma > 0 if self.transcript.rule.mode == "private" else wanted_weight(record) > 0

    def _may_spend(self, index: int) -> bool:
        """Is there anything left for the next token?"""
        seat, record = self._seats[index], self.transcript.seats[index]
        left = min(self._left[seat.label], self._allowance.left_nats(seat.label))
        if self.transcript.rule.mode == "private":
            return left >= charge_per_token(record, self.transcript.rule)
        return left >= constants.NANO_NAT

    def _drop_exhausted(self, box: BallotBox) -> None:
        staying = [index for index in self._live if self._may_spend(index)]
        if len(staying) < len(self._live):
            box.keep([0, *(1 + self._live.index(index) for index in staying)])
            self._live = staying


def _seen(seat: Seat, own: Moved) -> SeatStep:
    """A row's part of a token as the caller reads it."""
    gamma = own.weight / seat.relevance if seat.relevance > 0 else 0.0
    measured = (own.forward, own.reverse, own.symmetric, own.help_nats, own.charge_nats)
    return SeatStep(seat.label, gamma, own.limited, *measured)
