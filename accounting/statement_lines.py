"""The lines of a statement, oldest first, whatever moved: answers by their receipts, all else by its label.

An answer is one line for who paid (its receipt) and one for each seat that earned (its receipt line), however
many transfers it took; every transfer without a hold is a line of its own under its own label, so that a kind
of movement that is invented later is on statements too. Reads only, in constant memory.
"""

import heapq
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import Q, QuerySet

from accounting import keyset
from accounting.models import Receipt, ReceiptLine, Transfer
from accounting.models.accounts import Asset
from accounting.models.transfers import MOVING_PHASES

ANSWER = "answer"
Side = Literal["credit", "debit"]
SIDES: tuple[Side, Side] = ("credit", "debit")


@dataclass(frozen=True, slots=True)
class Line:
    """What came in is positive, what went out negative; what does not apply is None."""

    at: datetime
    key: UUID | int  # orders lines of one moment, within what they were read from
    kind: str
    account_id: int
    amount_micro_usd: int
    receipt_id: UUID | None = None
    transfer_id: UUID | None = None
    reverses_id: UUID | None = None
    rested_on: tuple[str, ...] = ()
    paid_by_wallet_id: int | None = None
    nano_nats: int | None = None
    charges_micro_usd: int | None = None
    floor_top_up_micro_usd: int | None = None
    fee_micro_usd: int | None = None
    shared_nano_nats: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """`since` belongs to it, `until` does not; None is no bound."""

    since: datetime | None
    until: datetime

    def of(self, moment: str) -> Q:
        within = Q(**{f"{moment}__lt": self.until})
        return within if self.since is None else within & Q(**{f"{moment}__gte": self.since})


def of_wallet(wallet_id: int, window: Window, *, page: int = keyset.A_PAGE) -> Iterator[Line]:
    """What a consumer paid, and what came in."""
    return _in_order([_paid(wallet_id, window, page), *_other_streams(wallet_id, window, page)])


def of_earnings(account_ids: Collection[int], window: Window, *, page: int = keyset.A_PAGE) -> Iterator[Line]:
    """What owners' accounts earned, and what was taken out. Many accounts are read in smaller pages."""
    each = max(20, page // max(1, len(account_ids)))
    streams: list[Iterator[Line]] = []
    for account_id in sorted(account_ids):
        streams += [_earned(account_id, window, each), *_other_streams(account_id, window, each)]
    return _in_order(streams)


def receipts_of(wallet_id: int, window: Window) -> QuerySet[Receipt]:
    return Receipt.objects.filter(window.of("issued_at"), wallet_id=wallet_id)


def receipt_lines_of(account_ids: Collection[int], window: Window) -> QuerySet[ReceiptLine]:
    return ReceiptLine.objects.filter(window.of("issued_at"), earnings_account_id__in=account_ids)


def other_transfers_of(account_ids: Collection[int], side: Side, window: Window) -> QuerySet[Transfer]:
    """Everything but answers: top-ups, payouts, refunds, corrections, and what may come."""
    return Transfer.objects.filter(
        window.of("created_at"),
        **{f"{side}_account_id__in": account_ids},
        hold__isnull=True,
        asset=Asset.MICRO_USD,
        phase__in=MOVING_PHASES,
    )


def _in_order(streams: list[Iterator[Line]]) -> Iterator[Line]:
    numbered = [_numbered(number, stream) for number, stream in enumerate(streams)]
    return (line for *_, line in heapq.merge(*numbered))


def _numbered(number: int, stream: Iterator[Line]) -> Iterator[tuple[datetime, int, Any, Line]]:
    """Keys are compared within one stream only, where they are of one kind and in the database's order."""
    for line in stream:
        yield line.at, number, line.key, line


_PAID = ("charges_micro_usd", "fee_micro_usd", "total_micro_usd", "shared_nano_nats")


def _paid(wallet_id: int, window: Window, size: int) -> Iterator[Line]:
    rows = receipts_of(wallet_id, window)
    for page in keyset.pages(rows, moment="issued_at", columns=_PAID, size=size):
        labels = labels_of([row[1] for row in page])
        for at, receipt_id, charges, fee, total, shared in page:
            yield Line(
                at, receipt_id, ANSWER, wallet_id, -total, receipt_id,
                rested_on=tuple(labels.get(receipt_id, ())), charges_micro_usd=charges, fee_micro_usd=fee,
                shared_nano_nats=shared,
            )  # fmt: skip


def labels_of(receipt_ids: list[UUID]) -> dict[UUID, list[str]]:
    """The seats of these receipts."""
    labels: dict[UUID, list[str]] = {}
    found = ReceiptLine.objects.filter(receipt_id__in=receipt_ids).order_by("receipt_id", "label")
    for receipt_id, label in found.values_list("receipt_id", "label"):
        labels.setdefault(receipt_id, []).append(label)
    return labels


_EARNED = (
    "receipt_id",
    "label",
    "nano_nats",
    "charge_micro_usd",
    "floor_top_up_micro_usd",
    "receipt__wallet_id",
    "receipt__shared_nano_nats",
)


def _earned(account_id: int, window: Window, size: int) -> Iterator[Line]:
    rows = receipt_lines_of((account_id,), window)
    for at, key, receipt_id, label, nats, charge, floor, payer, shared in keyset.walk(
        rows, moment="issued_at", columns=_EARNED, size=size
    ):
        yield Line(
            at, key, ANSWER, account_id, charge + floor, receipt_id, rested_on=(label,),
            paid_by_wallet_id=payer, nano_nats=nats, charges_micro_usd=charge, floor_top_up_micro_usd=floor,
            shared_nano_nats=shared,
        )  # fmt: skip


def _other_streams(account_id: int, window: Window, size: int) -> list[Iterator[Line]]:
    return [_others(account_id, side, window, size) for side in SIDES]


_OTHER = ("label", "operation__kind", "amount", "reverses_id", "reverses__hold__receipt__id")


def _others(account_id: int, side: Side, window: Window, size: int) -> Iterator[Line]:
    rows = other_transfers_of((account_id,), side, window)
    sign = 1 if side == "credit" else -1
    for at, key, label, kind, amount, reverses, receipt_id in keyset.walk(
        rows, moment="created_at", columns=_OTHER, size=size
    ):
        named = label or kind.replace("_", " ")
        yield Line(
            at, key, named, account_id, sign * amount, receipt_id, transfer_id=key, reverses_id=reverses
        )
