"""Who may see which receipt, and how much of it.

The buyer sees the whole. An organisation whose source was paid sees its own lines and nothing of the others.
Everyone else is told that there is no such receipt.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounting.errors import NotFound
from accounting.models import Receipt
from marketplace import refunds
from marketplace.models import Organisation

SHARED_WITH_OWNERS = (
    "receipt_id", "issued_at", "mode", "alpha", "core", "constants_digest", "composition_hash", "temperature",
    "top_p", "tokens", "shared_nats", "shared_meaning", "notes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SeenReceipt:
    """A receipt as one organisation may see it."""

    receipt: Receipt
    whole: bool
    own_labels: frozenset[str]
    own_earnings: frozenset[int]

    def body(self) -> dict[str, Any]:
        """The signed body, or the part of it that is the viewer's."""
        body: dict[str, Any] = self.receipt.body
        if self.whole:
            return {**body, "jws": self.receipt.jws}
        own = [one for one in body.get("sources", body.get("lines", [])) if self._is_own(one)]
        return {**{key: body[key] for key in SHARED_WITH_OWNERS if key in body}, "sources": own}

    @property
    def known_sources(self) -> frozenset[str] | None:
        """Whose names the viewer may read: None means every voter's."""
        return None if self.whole else self.own_labels

    def refunds(self) -> dict[str, Any]:
        """What was given back since; it is not part of what was signed."""
        found = refunds.seen(
            receipt_id=self.receipt.pk, own_earnings=None if self.whole else self.own_earnings
        )
        return {"refunded_micro_usd": sum(one["amount_micro_usd"] for one in found), "refunds": found}

    def require_whole(self) -> None:
        """What was signed shows everybody's lines."""
        if not self.whole:
            raise _not_found(self.receipt.pk)

    def _is_own(self, row: dict[str, Any]) -> bool:
        return row.get("source", row.get("label")) in self.own_labels


def bought_by(organisation: Organisation) -> QuerySet[Receipt]:
    return Receipt.objects.filter(wallet_id=organisation.wallet_account_id)


def seen_by(*, organisation: Organisation, receipt_id: UUID) -> SeenReceipt:
    receipt = Receipt.objects.prefetch_related("lines").filter(pk=receipt_id).first()
    if receipt is None:
        raise _not_found(receipt_id)
    whole = receipt.wallet_id == organisation.wallet_account_id
    earning = frozenset(organisation.sources.values_list("earnings_account_id", flat=True))
    own = frozenset(line.label for line in receipt.lines.all() if line.earnings_account_id in earning)
    if not whole and not own:
        raise _not_found(receipt_id)
    return SeenReceipt(receipt, whole, own, earning)


def _not_found(receipt_id: UUID) -> NotFound:
    return NotFound(f"There is no receipt {receipt_id} that you may know of.")
