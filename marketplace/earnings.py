"""What a source earned, line by line, each from a receipt, with who paid: the owner's read side.

Accounting knows accounts; the names of payers are put beside its lines here. Writes nothing.
"""

from datetime import datetime

from django.db.models import F, OuterRef, QuerySet, Subquery

from accounting import statements
from accounting.models import ReceiptLine
from marketplace.models import Organisation, Source


def lines_of(
    *, source: Source, since: datetime | None = None, until: datetime | None = None
) -> QuerySet[ReceiptLine]:
    """The source's lines, each with `consumer`, the slug of who paid; questions are not for owners."""
    paid_by = Organisation.objects.filter(wallet_account_id=OuterRef("receipt__wallet_id"))
    return statements.earnings_lines(
        earnings_account_ids=[source.earnings_account_id], since=since, until=until
    ).annotate(
        consumer=Subquery(paid_by.values("slug")[:1]),
        total_micro_usd=F("charge_micro_usd") + F("floor_top_up_micro_usd"),
    )
