"""A past answer as a back-test sees it: who asked for what, and what it moved and paid. Values only."""

from dataclasses import dataclass
from datetime import datetime

from marketplace.policy.request import AgreementFacts, Mode, Output, Request


@dataclass(frozen=True, slots=True)
class Asked:
    """What a policy may ask about an answer beside its moment. Equal for many answers."""

    consumer: str
    purpose: str
    mode: Mode
    output: Output = "answer"
    groups: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    country: str | None = None
    agreement: AgreementFacts | None = None
    others: frozenset[str] | None = None

    def at(self, now: datetime) -> Request:
        """The question itself is not known: whoever asks for it answers that it would look later."""
        return Request(
            consumer=self.consumer, purpose=self.purpose, now=now, mode=self.mode, groups=self.groups,
            domains=self.domains, country=self.country, output=self.output, agreement=self.agreement,
            others=self.others,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PastAnswer:
    """`asked` None: what it was for is not on record. Nats drawn stay spent, those charged are paid."""

    at: datetime
    consumer: str
    asked: Asked | None
    drawn_nano_nats: int
    charged_nano_nats: int
    paid_micro_usd: int
    tokens_delivered: int
