"""What SQL cannot read: signatures, signed bodies, and the arithmetic from nats to money."""

from collections.abc import Iterator

from accounting.checking.question import Breach
from accounting.models import Hold, HoldLine, HoldState, Receipt, ReceiptLine
from accounting.pricing import charge_micro_usd, fee_micro_usd
from accounting.receipts import payload


def breaches() -> Iterator[Breach]:
    """Reads receipts a few hundred at a time, so that memory does not grow with the books."""
    receipts = Receipt.objects.select_related("hold").prefetch_related("lines", "hold__lines").order_by("pk")
    for receipt in receipts.iterator(chunk_size=300):
        for what in _problems(receipt):
            yield Breach(7, f"receipt {receipt.pk}", what)


def _problems(receipt: Receipt) -> Iterator[str]:
    body = payload(receipt.jws)
    if body is None:
        yield "its signature does not hold"
    elif body != receipt.body:
        yield "what was signed is not what is kept"
    elif _numbers(body) != _numbers_on_record(receipt):
        yield "the signed numbers are not those on record"
    terms = {line.label: line for line in receipt.hold.lines.all()}
    lines = list(receipt.lines.all())
    if {line.label for line in lines} != set(terms):
        yield "its lines are not the seats of its hold"
    elif any(not _charged_rightly(line, terms[line.label], receipt.hold) for line in lines):
        yield "a charge is not its nats at the agreed price"
    charges = sum(line.charge_micro_usd for line in lines)
    if receipt.fee_micro_usd != fee_micro_usd(charges, receipt.hold.fee_basis_points):
        yield "the fee is not the agreed share of the charges"


def _charged_rightly(line: ReceiptLine, terms: HoldLine, hold: Hold) -> bool:
    charge = charge_micro_usd(line.nano_nats, terms.price_micro_usd_per_nat)
    lost_before_a_token = hold.state == HoldState.EXPIRED and hold.tokens_delivered == 0
    floor = 0 if lost_before_a_token else terms.floor_micro_usd
    paid = (line.charge_micro_usd, line.floor_top_up_micro_usd)
    return paid == (charge, max(0, floor - charge))


def _numbers(body: dict[str, object]) -> tuple[object, ...]:
    return tuple(body.get(name) for name in ("receipt_id", "hold_id", "fee_micro_usd", "total_micro_usd"))


def _numbers_on_record(receipt: Receipt) -> tuple[object, ...]:
    return (str(receipt.pk), str(receipt.hold_id), receipt.fee_micro_usd, receipt.total_micro_usd)
