"""A buyer's page: the wallet, and every answer with its receipt."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.figures import wallets

A_PAGE = 25


@require_safe
@at_desk
def account(request: HttpRequest, desk: Desk) -> HttpResponse:
    receipts = wallets.receipts_of(desk.organisation).prefetch_related("lines")
    cut = Paginator(receipts, A_PAGE).get_page(request.GET.get("page"))
    return page(
        request,
        desk,
        "account.html",
        section="account",
        wallet=wallets.of_organisation(desk.organisation),
        page=cut,
        rows=wallets.rows_of(cut.object_list),
    )
