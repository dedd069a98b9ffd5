"""What a payment provider must do for us, and the plain values that pass between it and the use cases.

A provider starts a checkout under our id (the same id gives the same checkout) and says where the payer goes.
What it tells us later arrives as notices. It must not touch the database.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, Self
from uuid import UUID

from accounting.errors import DomainError

Kind = Literal["paid", "failed", "expired", "refund", "dispute", "other"]


class Unavailable(DomainError):
    """The provider is switched off or does not answer; nothing was charged."""

    code, status, title = "provider_unavailable", 503, "The payment provider is not available"


@dataclass(frozen=True, slots=True)
class Order:
    """What the payer is asked to pay, and where the payer returns to."""

    top_up_id: UUID
    cents: int
    description: str
    success_url: str
    cancel_url: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """The provider's page for one order."""

    reference: str
    url: str


class Provider(Protocol):
    name: str
    least_cents: int
    most_cents: int

    def begin_checkout(self, order: Order) -> Checkout: ...


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that a provider told us, in our words; `top_up_id` is None where it did not name one.

    `cents` is what was paid, or all that was given back of the payment so far, or what is disputed.
    """

    event_id: str
    type: str
    kind: Kind
    said_at: datetime
    top_up_id: UUID | None = None
    reference: str = ""
    payment_reference: str = ""
    cents: int = 0
    currency: str = ""
    stands: bool = True
    closed: bool = False

    def kept(self) -> dict[str, Any]:
        """As JSON; `read_back` makes the same notice of it."""
        top_up = None if self.top_up_id is None else str(self.top_up_id)
        return {**asdict(self), "said_at": self.said_at.isoformat(), "top_up_id": top_up}

    @classmethod
    def read_back(cls, kept: dict[str, Any]) -> Self:
        top_up = None if kept["top_up_id"] is None else UUID(kept["top_up_id"])
        said_at = datetime.fromisoformat(kept["said_at"])
        return cls(**{**kept, "said_at": said_at, "top_up_id": top_up})
