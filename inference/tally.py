"""What one answer's voters did, added up token by token: step 8 (measure) of the way.

Pure sums over the engine's steps. The drawn and the delivered are kept apart, because nats are spent for the
one and money is owed for the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SeatToken:
    """One seat at one token: measured in open answers, charged in private ones."""

    gamma_effective: float
    limited: bool
    forward: float
    reverse: float
    symmetric: float
    help: float
    charge: float


@dataclass(slots=True)
class SeatTally:
    """One seat over the whole answer, in nats."""

    gamma_sum: float = 0.0
    limited_tokens: int = 0
    forward: float = 0.0
    reverse: float = 0.0
    symmetric: float = 0.0
    help_sum: float = 0.0
    charge: float = 0.0
    delivered_nano_nats: int = 0

    def add(self, token: SeatToken) -> None:
        self.gamma_sum += token.gamma_effective
        self.limited_tokens += token.limited
        self.forward += token.forward
        self.reverse += token.reverse
        self.symmetric += token.symmetric
        self.help_sum += token.help
        self.charge += token.charge


@dataclass(slots=True)
class Tally:
    """All seats of one answer, and the sets that are measured together."""

    seats: dict[str, SeatTally]
    sets: dict[str, float] = field(default_factory=dict)  # symmetric nats by the set's name
    tokens_drawn: int = 0
    tokens_delivered: int = 0

    @classmethod
    def of(cls, labels: Sequence[str]) -> "Tally":
        return cls({label: SeatTally() for label in labels})

    def draw(self, tokens: Mapping[str, SeatToken], sets: Mapping[str, float]) -> None:
        self.tokens_drawn += 1
        for label, token in tokens.items():
            self.seats[label].add(token)
        for name, nats in sets.items():
            self.sets[name] = self.sets.get(name, 0.0) + nats

    def deliver(self, spent_nano_nats: Mapping[str, int]) -> None:
        """Everything drawn so far has been published."""
        self.tokens_delivered = self.tokens_drawn
        for label, nano_nats in spent_nano_nats.items():
            self.seats[label].delivered_nano_nats = nano_nats

    def gamma_effective(self, label: str) -> float:
        """Mean over the tokens; a seat that was put out counts 0 from then on."""
        return self.seats[label].gamma_sum / self.tokens_drawn if self.tokens_drawn else 0.0

    def help_nats(self, label: str) -> float:
        return self.seats[label].help_sum / self.tokens_drawn if self.tokens_drawn else 0.0
