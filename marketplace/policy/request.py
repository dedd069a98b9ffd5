"""What a policy is asked, and what it answers: values only, step 4 (admit) of the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from marketplace.policy.windows import Window

Mode = Literal["open", "private"]
Regime = Literal["privacy", "measurement", "attribution"]
Output = Literal["answer", "quotation", "classification"]
Stage = Literal["question", "seats"]
Outcome = Literal["allow", "deny", "later"]

Place = tuple[float, ...]  # a text in the space of an encoder

NANO = 1_000_000_000
EVERYBODYS_PRICE = "$.price_micro_usd_per_nat"


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """The agreement in force between the consumer and the source."""

    approved_for: frozenset[str]  # the purposes for which the owner has approved it


@dataclass(frozen=True, slots=True)
class QuestionFacts:
    """The question in the space of one encoder, filled by whoever has it (`inference.topics`).

    `asked` are the places of the parts of what was asked last, `said` those of all that the prompt says, and
    `places` those of the examples and keywords of policies: one that is not there could not be computed.
    """

    text: str  # all that the prompt says
    asked: tuple[Place, ...]
    said: tuple[Place, ...]
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, what for, when, and for which kind of answer.

    The last two are known only later on the way: the question when the answer is planned, the others when
    seats are given. While one is None, what needs it says yes for now, and the policy is asked again.
    """

    consumer: str
    purpose: str
    now: datetime
    mode: Mode
    groups: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()  # verified ones only
    country: str | None = None  # of the consumer, ISO 3166-1 alpha-2; None: not known
    output: Output = "answer"
    agreement: AgreementFacts | None = None  # None: none in force
    question: QuestionFacts | None = None
    others: frozenset[str] | None = None  # slugs of the other voters


@dataclass(frozen=True, slots=True)
class PrivacyTerms:
    """The finite privacy clause that a private answer needs."""

    budget_nano_nats: int
    eta: float
    delta: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What comes with a yes: how much influence, at what price, in which regime. None is unlimited."""

    regime: Regime = "measurement"
    max_gamma: float = 1.0
    price_micro_usd_per_nat: int = 0
    floor_price_micro_usd: int = 0
    ceiling_price_micro_usd: int | None = None
    quote: bool = False
    per_answer_nano_nats: int | None = None
    per_consumer_day_nano_nats: int | None = None
    lifetime_nano_nats: int | None = None
    floor_nats: float | None = None
    privacy: PrivacyTerms | None = None
    windows: tuple[
        Window, ...
    ] = ()  # as written under `windows`; `all_windows` has the day of a consumer too
    price_rule: str = EVERYBODYS_PRICE  # the place in the policy that set the price
    attribution_notice: str | None = None  # what has to be shown beside the answer

    @property
    def all_windows(self) -> tuple[Window, ...]:
        """Every window, with the short form `per_consumer_day` written out."""
        if self.per_consumer_day_nano_nats is None:
            return self.windows
        return (_consumer_day(self.per_consumer_day_nano_nats), *self.windows)


@lru_cache(maxsize=1024)
def _consumer_day(nano_nats: int) -> Window:
    """The same object for the same limit: every admission asks many policies for their windows."""
    return Window("day", "calendar", "each", nano_nats)


@dataclass(frozen=True, slots=True)
class Allow:
    """Yes. A clause that only says yes carries no limits; the policy's own answer always does.

    `later` is the stage at which the clause will know enough to say no.
    """

    limits: Limits | None = None
    later: Stage | None = None


@dataclass(frozen=True, slots=True)
class Deny:
    """No, by which rule, why in one sentence, and the values that decided (JSON)."""

    rule: str
    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """What one clause answered, for those who want to see how a verdict came about."""

    kind: str
    rule: str
    outcome: Outcome
    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)


YES = Allow()
