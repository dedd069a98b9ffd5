"""What SQL cannot read: signatures, signed bodies, and the arithmetic from nats to money, by receipt."""

from collections.abc import Iterator

from accounting.checking.question import Breach
from accounting.models import Receipt
from accounting.receipt_proof import signature_problems, sum_problems


def breaches() -> Iterator[Breach]:
    """Reads receipts a few hundred at a time, so that memory does not grow with the books."""
    receipts = Receipt.objects.select_related("hold").prefetch_related("lines", "hold__lines").order_by("pk")
    for receipt in receipts.iterator(chunk_size=300):
        for what in (*signature_problems(receipt), *sum_problems(receipt)):
            yield Breach(7, f"receipt {receipt.pk}", what)
