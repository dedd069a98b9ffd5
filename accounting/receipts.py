"""Keeps receipts: what an ended hold paid, beside the signed text of a body that the caller built.

Anyone with the published keys can check one offline. `issue` runs inside the transaction of the settlement;
nothing here knows what a body means beyond the numbers that it repeats. How texts are signed: `signing`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounting.models import Hold, HoldLine, Receipt, ReceiptLine
from accounting.settled import Settled, SettledLine
from accounting.signing import jwks, payload, sign, verify

__all__ = ["Receipt", "ReceiptLine", "issue", "jwks", "payload", "sign", "verify"]


def issue(
    hold: Hold, lines: Sequence[HoldLine], settled: Settled, body: Mapping[str, Any], now: datetime
) -> Receipt:
    """Write the receipt of an ended hold. The numbers that must agree with the ledger are stamped by it."""
    stamped = {
        **body,
        "receipt_id": str(settled.receipt_id),
        "hold_id": str(hold.pk),
        "issued_at": now.isoformat(),
        "fee_micro_usd": settled.fee_micro_usd,
        "total_micro_usd": settled.total_micro_usd,
    }
    receipt = Receipt.objects.create(
        id=settled.receipt_id,
        hold=hold,
        wallet_id=hold.wallet_id,
        issued_at=now,
        body=stamped,
        jws=sign(stamped),
        charges_micro_usd=settled.total_micro_usd - settled.fee_micro_usd,
        fee_micro_usd=settled.fee_micro_usd,
        total_micro_usd=settled.total_micro_usd,
    )
    ReceiptLine.objects.bulk_create(
        _receipt_line(receipt, line, done) for line, done in zip(lines, settled.lines, strict=True)
    )
    return receipt


def _receipt_line(receipt: Receipt, line: HoldLine, done: SettledLine) -> ReceiptLine:
    return ReceiptLine(
        receipt=receipt,
        label=line.label,
        earnings_account_id=line.earnings_account_id,
        nano_nats=done.charged_nano_nats,
        drawn_nano_nats=done.drawn_nano_nats,
        charge_micro_usd=done.charge_micro_usd,
        floor_top_up_micro_usd=done.floor_top_up_micro_usd,
        issued_at=receipt.issued_at,
    )
