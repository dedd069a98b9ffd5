"""What must be kept of an answer so that its measurement can be computed again, bit for bit?

Written while composing, sealed by the caller, read by replay. Holds prompts and tokens, so it is as
private as the question itself. Allowances are kept beside weights: with them the search for weights under
a cap runs again as it ran.
"""

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from inference.net.labels import Labels
from inference.net.silence import Silence

Mode = Literal["open", "private"]


@dataclass(frozen=True, slots=True)
class SeatRecord:
    """One seat as it entered the batch."""

    label: str
    prompt_ids: tuple[int, ...]
    relevance: float
    gamma: float
    group: int | None
    eta: float | None


@dataclass(frozen=True, slots=True)
class Rule:
    """How ballots become one distribution."""

    mode: Mode
    alpha: float
    temperature: float  # as asked for; 0 means the likeliest token of the vote at 1
    core_weight: float
    clip: float
    support: int

    @property
    def vote_temperature(self) -> float:
        """The temperature at which the vote is taken and measured."""
        return self.temperature if self.temperature > 0 else 1.0


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """One drawn token; weights and allowances are per row then in the batch, in seat order."""

    token_id: int
    seats: tuple[int, ...]  # which seats had a row
    weights: tuple[float, ...]
    allowances: tuple[float, ...]
    silences: tuple[Silence, ...] = ()  # tokens that each row said nothing on; none: nobody was silent


@dataclass(slots=True)
class Transcript:
    """All rows and all tokens of one answer."""

    core_digest: str
    rule: Rule
    max_tokens: int
    core_prompt_ids: tuple[int, ...]
    seats: tuple[SeatRecord, ...]
    tokens: list[TokenRecord] = field(default_factory=list)
    labels: Labels | None = None  # of a classification: its one token is the place of a label

    @property
    def token_ids(self) -> tuple[int, ...]:
        """What was drawn."""
        return tuple(token.token_id for token in self.tokens)

    def to_json(self) -> dict[str, Any]:
        """A JSON value; an unlimited allowance is null."""
        value = asdict(self)
        for token in value["tokens"]:
            token["allowances"] = [None if math.isinf(nats) else nats for nats in token["allowances"]]
        value["rule"]["clip"] = None if math.isinf(self.rule.clip) else self.rule.clip
        return value

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Transcript":
        """The inverse of `to_json`, exact to the last bit."""
        rule = Rule(**{**value["rule"], "clip": _number(value["rule"]["clip"])})
        seats = tuple(
            SeatRecord(**{**seat, "prompt_ids": tuple(seat["prompt_ids"])}) for seat in value["seats"]
        )
        tokens = [
            TokenRecord(
                token["token_id"],
                tuple(token["seats"]),
                tuple(token["weights"]),
                tuple(_number(nats) for nats in token["allowances"]),
                tuple(tuple(silence) for silence in token.get("silences", ())),
            )
            for token in value["tokens"]
        ]
        prompt = tuple(value["core_prompt_ids"])
        labels = _labels(value.get("labels"))
        return cls(value["core_digest"], rule, value["max_tokens"], prompt, seats, tokens, labels)


def _labels(value: dict[str, Any] | None) -> Labels | None:
    if value is None:
        return None
    ids = tuple(tuple(own) for own in value["ids"])
    return Labels(tuple(value["texts"]), ids, tuple(value["ends"]), value["per_token"])


def _number(value: float | None) -> float:
    return math.inf if value is None else value
