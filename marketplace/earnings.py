"""What a source earned, line by line, each from a receipt: the owner's read side. Writes nothing."""

from datetime import datetime

from django.db.models import F, OuterRef, QuerySet, Subquery, Sum

from accounting.models import Receipt, ReceiptLine
from marketplace.models import Organisation, Source


def lines_of(
    *, source: Source, since: datetime | None = None, until: datetime | None = None
) -> QuerySet[ReceiptLine]:
    """The source's lines, each with `consumer`, the slug of who paid; questions are not for owners."""
    paid_by = Organisation.objects.filter(wallet_account_id=OuterRef("receipt__wallet_id"))
    lines = ReceiptLine.objects.filter(earnings_account_id=source.earnings_account_id)
    if since is not None:
        lines = lines.filter(issued_at__gte=since)
    if until is not None:
        lines = lines.filter(issued_at__lt=until)
    return lines.annotate(
        consumer=Subquery(paid_by.values("slug")[:1]),
        total_micro_usd=F("charge_micro_usd") + F("floor_top_up_micro_usd"),
    )


def earned_micro_usd(lines: QuerySet[ReceiptLine]) -> int:
    """The sum of the lines: what a statement over them would say."""
    return int(lines.aggregate(total=Sum("total_micro_usd"))["total"] or 0)


def receipts_of(
    *, organisation: Organisation, since: datetime | None = None, until: datetime | None = None
) -> QuerySet[Receipt]:
    """What an organisation paid for, as receipts with their lines."""
    receipts = Receipt.objects.filter(wallet_id=organisation.wallet_account_id)
    if since is not None:
        receipts = receipts.filter(issued_at__gte=since)
    if until is not None:
        receipts = receipts.filter(issued_at__lt=until)
    return receipts.prefetch_related("lines")
