"""What one earner was paid for, answer by answer, oldest first, with what pricing it anew needs to know.

For back-tests: pages in constant memory, bounded above by the caller. Reads only; it must not price anything.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform

from accounting import keyset
from accounting.models import ReceiptLine
from accounting.signed_text import content_of
from accounting.statement_lines import Window, labels_of, receipt_lines_of

A_PAGE = 5000


class PastLine(NamedTuple):
    """One seat of one answer; the last three are what its caller wrote into the hold, where it did."""

    at: datetime
    key: int
    wallet_id: int
    drawn_nano_nats: int
    charged_nano_nats: int
    charge_micro_usd: int
    floor_top_up_micro_usd: int
    tokens_delivered: int
    purpose: str | None
    mode: str | None
    output: str | None


_COLUMNS = (
    "receipt__wallet_id",
    "drawn_nano_nats",
    "nano_nats",
    "charge_micro_usd",
    "floor_top_up_micro_usd",
    "receipt__hold__tokens_delivered",
    "purpose",
    "mode",
    "output",
)


def pages(earnings_account_id: int, window: Window, *, size: int = A_PAGE) -> Iterator[list[PastLine]]:
    said = {key: KeyTextTransform(key, "receipt__hold__detail") for key in ("purpose", "mode", "output")}
    rows = _lines(earnings_account_id, window).annotate(**said)
    for page in keyset.pages(rows, moment="issued_at", columns=_COLUMNS, size=size):
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


def voters_of(keys: Collection[int]) -> dict[int, list[str]]:
    """By the key of a line: the labels of all seats of its answer."""
    receipts = dict(ReceiptLine.objects.filter(pk__in=keys).values_list("pk", "receipt_id"))
    labels = labels_of(list(receipts.values()))
    return {key: labels[receipt_id] for key, receipt_id in receipts.items()}


def said_by(keys: Collection[int]) -> dict[int, dict[str, Any]]:
    """By the key of a line: what its receipt says in full, where its hold does not say it."""
    found = ReceiptLine.objects.filter(pk__in=keys).values_list("pk", "receipt__jws")
    return {key: content_of(jws) for key, jws in found}


def _lines(earnings_account_id: int, window: Window) -> QuerySet[ReceiptLine]:
    return receipt_lines_of((earnings_account_id,), window)
