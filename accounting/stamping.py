"""What the ledger itself says in a receipt, over whatever its caller wrote.

Pure. With `prices` and `fee_basis_points` a reader computes every charge from the nats that it states.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounting.held import Held
from accounting.settled import Settled


def stamped(body: Mapping[str, Any], settled: Settled, terms: Held, now: datetime) -> dict[str, Any]:
    return {
        **body,
        "receipt_id": str(settled.receipt_id),
        "hold_id": str(settled.hold_id),
        "issued_at": now.isoformat(),
        "prices": [
            {
                "label": seat.label,
                "price_micro_usd_per_nat": seat.price_micro_usd_per_nat,
                "floor_micro_usd": seat.floor_micro_usd,
                "ceiling_micro_usd": seat.ceiling_micro_usd,
            }
            for seat in terms.seats
        ],
        "fee_basis_points": terms.fee_basis_points,
        "fee_micro_usd": settled.fee_micro_usd,
        "total_micro_usd": settled.total_micro_usd,
    }
