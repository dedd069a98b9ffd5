"""What a back-test adds up, for everything and for each consumer and day alike. Plain numbers."""

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Sums:
    """Of answers that were served: as they were, and as the draft would have had them."""

    answers: int = 0
    refused: int = 0  # the draft says no, or its budgets are spent
    limited: int = 0  # served with less influence, by a limit of the draft
    unknown: int = 0  # what they were for is not on record: taken as they were
    nano_nats: int = 0
    draft_nano_nats: int = 0
    micro_usd: int = 0
    draft_micro_usd: int = 0
    considered: int = 0  # requests that were refused and that the draft would consider

    def add(self, other: "Sums") -> None:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))
