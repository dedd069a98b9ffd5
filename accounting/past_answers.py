"""What one earner was paid for, answer by answer, oldest first, with what pricing it anew needs to know.

For back-tests: pages in constant memory, bounded above by the caller. Reads only; it must not price anything.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet, Sum

from accounting import keyset
from accounting.models import Receipt, ReceiptLine
from accounting.signed_text import content_of
from accounting.statement_lines import Window, receipt_lines_of

A_PAGE = 5000


class PastLine(NamedTuple):
    """One seat of one answer. `detail` is what its caller wrote into the hold."""

    at: datetime
    key: int
    receipt_id: UUID
    wallet_id: int
    drawn_nano_nats: int
    charged_nano_nats: int
    charge_micro_usd: int
    floor_top_up_micro_usd: int
    tokens_delivered: int
    detail: dict[str, Any]


_COLUMNS = (
    "receipt_id",
    "receipt__wallet_id",
    "drawn_nano_nats",
    "nano_nats",
    "charge_micro_usd",
    "floor_top_up_micro_usd",
    "receipt__hold__tokens_delivered",
    "receipt__hold__detail",
)


def pages(earnings_account_id: int, window: Window, *, size: int = A_PAGE) -> Iterator[list[PastLine]]:
    for page in keyset.pages(
        _lines(earnings_account_id, window), moment="issued_at", columns=_COLUMNS, size=size
    ):
        yield [PastLine._make(row) for row in page]


def drawn_nano_nats(earnings_account_id: int, window: Window, **detail: str) -> int:
    """The sum over the window, of the answers whose holds say this."""
    about = {f"receipt__hold__detail__{key}": value for key, value in detail.items()}
    lines = _lines(earnings_account_id, window).filter(**about)
    return int(lines.aggregate(total=Sum("drawn_nano_nats"))["total"] or 0)


def beyond(earnings_account_id: int, window: Window, most: int) -> datetime | None:
    """When the newest line was made that does not fit if only the `most` newest are read; None: all fit."""
    newest = _lines(earnings_account_id, window).order_by("-issued_at", "-pk")
    return newest.values_list("issued_at", flat=True)[most : most + 1].first()


def said(receipt_ids: Collection[UUID]) -> Mapping[UUID, dict[str, Any]]:
    """What these receipts say in full: for answers whose holds do not."""
    found = Receipt.objects.filter(pk__in=receipt_ids).values_list("pk", "jws")
    return {receipt_id: content_of(jws) for receipt_id, jws in found}


def _lines(earnings_account_id: int, window: Window) -> QuerySet[ReceiptLine]:
    return receipt_lines_of((earnings_account_id,), window)
