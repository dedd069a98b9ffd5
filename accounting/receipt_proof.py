"""Proves one receipt: its signature, its sums, its charges, and that the ledger moved exactly that.

For whoever verifies a single receipt (the API) and for ledger check, which proves all of them. Reads only;
divergences are not proven here, only what follows from the nats that the receipt states.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from accounting.models import Hold, HoldLine, Receipt, ReceiptLine, Transfer
from accounting.models.transfers import MOVING_PHASES
from accounting.pricing import charge_micro_usd, fee_micro_usd, floor_top_up_micro_usd
from accounting.shared_influence import nano_nats_of
from accounting.signing import payload


@dataclass(frozen=True, slots=True)
class Proof:
    """`problems` are plain sentences; empty when the receipt holds in every respect."""

    signature: bool
    sums: bool
    problems: tuple[str, ...]


def prove(receipt: Receipt) -> Proof:
    """Everything that can be said of one receipt without the answer's transcript."""
    signed = tuple(signature_problems(receipt))
    counted = (*sum_problems(receipt), *_movement_problems(receipt))
    return Proof(signature=not signed, sums=not counted, problems=(*signed, *counted))


def signature_problems(receipt: Receipt) -> Iterator[str]:
    body = payload(receipt.jws)
    if body is None:
        yield "its signature does not hold"
    elif _numbers(body) != _numbers_on_record(receipt):
        yield "the signed numbers are not those on record"


def sum_problems(receipt: Receipt) -> Iterator[str]:
    """From nats to money, on the terms of the hold."""
    terms = {line.label: line for line in receipt.hold.lines.all()}
    lines = list(receipt.lines.all())
    if {line.label for line in lines} != set(terms):
        yield "its lines are not the seats of its hold"
    elif any(not _charged_rightly(line, terms[line.label], receipt.hold) for line in lines):
        yield "a charge is not its nats at the agreed price"
    charges = sum(line.charge_micro_usd for line in lines)
    if receipt.fee_micro_usd != fee_micro_usd(charges, receipt.hold.fee_basis_points):
        yield "the fee is not the agreed share of the charges"
    if receipt.charges_micro_usd != sum(line.paid_micro_usd for line in lines):
        yield "its lines do not sum to its charges"
    if receipt.total_micro_usd != receipt.charges_micro_usd + receipt.fee_micro_usd:
        yield "its total is not its charges and its fee"


def _movement_problems(receipt: Receipt) -> Iterator[str]:
    left = Transfer.objects.filter(
        hold_id=receipt.hold_id, debit_account_id=receipt.wallet_id, phase__in=MOVING_PHASES
    )
    if sum(left.values_list("amount", flat=True)) != receipt.total_micro_usd:
        yield "its total is not what left the wallet"


def _charged_rightly(line: ReceiptLine, terms: HoldLine, hold: Hold) -> bool:
    charge = charge_micro_usd(terms, line.nano_nats)
    top_up = floor_top_up_micro_usd(terms, charge, hold.tokens_delivered)
    return (line.charge_micro_usd, line.floor_top_up_micro_usd) == (charge, top_up)


def _numbers(body: dict[str, object]) -> tuple[object, ...]:
    stated = (body.get(name) for name in ("receipt_id", "hold_id", "fee_micro_usd", "total_micro_usd"))
    return (*stated, nano_nats_of(body))


def _numbers_on_record(receipt: Receipt) -> tuple[object, ...]:
    identity = (str(receipt.pk), str(receipt.hold_id))
    return (*identity, receipt.fee_micro_usd, receipt.total_micro_usd, receipt.shared_nano_nats)
