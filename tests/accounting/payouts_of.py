"""An owner with earnings, and the steps of a payout in one line each."""

import uuid
from typing import Any

from accounting import payout_figures, payouts
from tests.accounting.conftest import NAT, NOW


def earn(market, nats=5, label="a"):
    """An answer that pays the owner `20 * nats` micro-USD; the receipt's id."""
    placed = market.place(market.terms(label, block_nano_nats=10 * NAT))
    return market.settle(placed.hold_id, **{label: (nats * NAT, nats * NAT)}).receipt_id


def accounts(market, labels="a"):
    return [market.owners[label].earnings for label in labels]


def request(market, amount=None, labels="a", **changes):
    chosen: dict[str, Any] = {
        "operation_id": uuid.uuid4(),
        "payee": "owner",
        "account_ids": accounts(market, labels),
        "amount_micro_usd": amount,
        "minimum_micro_usd": 1,
        "acting_user": "olga",
        "now": NOW,
    }
    return payouts.request(**{**chosen, **changes})


def figures(market, labels="a"):
    found = payout_figures.figures(payee="owner", account_ids=accounts(market, labels))
    return (found.available, found.held, found.on_its_way, found.paid)
