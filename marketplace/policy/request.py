"""What a policy is asked, and what it answers: values only, step 4 (admit) of the way."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from marketplace.policy.windows import Window

Mode = Literal["open", "private"]
Regime = Literal["privacy", "measurement", "attribution"]

NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, what for, when, and for which kind of answer."""

    consumer: str
    purpose: str
    now: datetime
    mode: Mode


@dataclass(frozen=True, slots=True)
class PrivacyTerms:
    """The finite privacy clause that a private answer needs."""

    budget_nano_nats: int
    eta: float
    delta: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What comes with a yes: how much influence, at what price, in which regime. None is unlimited."""

    regime: Regime
    max_gamma: float
    price_micro_usd_per_nat: int
    floor_price_micro_usd: int
    ceiling_price_micro_usd: int | None
    quote: bool
    per_answer_nano_nats: int | None
    per_consumer_day_nano_nats: int | None
    lifetime_nano_nats: int | None
    floor_nats: float | None
    privacy: PrivacyTerms | None
    windows: tuple[
        Window, ...
    ] = ()  # as written under `windows`; `all_windows` has the day of a consumer too

    @property
    def all_windows(self) -> tuple[Window, ...]:
        """Every window, with the short form `per_consumer_day` written out."""
        if self.per_consumer_day_nano_nats is None:
            return self.windows
        return (Window("day", "calendar", "each", self.per_consumer_day_nano_nats), *self.windows)


@dataclass(frozen=True, slots=True)
class Allow:
    """Yes. A clause that only says yes carries no limits; the policy's own answer always does."""

    limits: Limits | None = None


@dataclass(frozen=True, slots=True)
class Deny:
    """No, by which rule, and why in one sentence."""

    rule: str
    reason: str
