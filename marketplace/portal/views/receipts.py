"""The receipt page: who voted, how the amounts were computed, and whether the signature holds."""

import json
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.figures import receipts


@require_safe
@at_desk
def receipt(request: HttpRequest, desk: Desk, receipt_id: UUID) -> HttpResponse:
    found = receipts.find(receipt_id=receipt_id, organisation=desk.organisation)
    return page(
        request,
        desk,
        "receipt.html",
        section="earnings" if found.as_owner else "account",
        found=found,
        receipt=found.receipt,
        lines=found.lines,
        shares=[line.nano_nats for line in found.lines],
        columns=3 if found.mode == "private" else 5,
        raw=json.dumps(found.raw, indent=2, ensure_ascii=False),
    )
