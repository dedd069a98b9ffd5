"""The rows of WHAT IT COSTS, one module per noun. Rules live in constraints here and in database_rules."""

from accounting.models.accounts import Account, AccountKind, Asset
from accounting.models.audit import AuditEvent
from accounting.models.holds import ChargedBy, Hold, HoldLine, HoldState
from accounting.models.operations import Operation
from accounting.models.payments import (
    ClaimKind,
    Debt,
    EventOutcome,
    PaymentEvent,
    TopUp,
    TopUpClaim,
    TopUpProvider,
    TopUpState,
)
from accounting.models.payouts import Payout, PayoutState
from accounting.models.receipts import Receipt, ReceiptLine
from accounting.models.refunds import Refund
from accounting.models.seals import Seal
from accounting.models.transfers import Phase, Transfer

__all__ = [
    "Account",
    "AccountKind",
    "Asset",
    "AuditEvent",
    "ChargedBy",
    "ClaimKind",
    "Debt",
    "EventOutcome",
    "Hold",
    "HoldLine",
    "HoldState",
    "Operation",
    "PaymentEvent",
    "Payout",
    "PayoutState",
    "Phase",
    "Receipt",
    "ReceiptLine",
    "Refund",
    "Seal",
    "TopUp",
    "TopUpClaim",
    "TopUpProvider",
    "TopUpState",
    "Transfer",
]
