"""Payouts of an owner: where the earnings stand, asking for them, taking a request back, and CSV."""

import csv
import io
from functools import partial
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace import payouts as use_cases
from marketplace.portal.actions import act, attempt
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.forms import PayoutForm
from marketplace.roles import TREASURERS

A_PAGE = 25
COLUMNS = (
    "payout_id", "requested_at", "amount_micro_usd", "state", "requested_by", "decided_at", "reason",
    "paid_at", "external_reference",
)  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def payouts(request: HttpRequest, desk: Desk) -> HttpResponse:
    form = PayoutForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and attempt(form, partial(_ask, form, desk)):
        messages.success(request, "The payout is asked for. The money is held until an operator decides.")
        return redirect("portal:payouts")
    rows = use_cases.of_organisation(desk.organisation)
    return page(
        request,
        desk,
        "payouts.html",
        section="earnings",
        stand=use_cases.figures_of(desk.organisation),
        minimum_micro_usd=settings.PAYOUT_MINIMUM_MICRO_USD,
        form=form,
        page=Paginator(rows, A_PAGE).get_page(request.GET.get("page")),
        may_ask=desk.role in TREASURERS,
        status=422 if form.errors else 200,
    )


@require_POST
@at_desk
def cancel(request: HttpRequest, desk: Desk, payout_id: UUID) -> HttpResponse:
    call = partial(
        use_cases.cancel,
        organisation=desk.organisation, payout_id=payout_id, acting_user=desk.user, now=timezone.now(),
    )  # fmt: skip
    return act(request, call, done="The payout is cancelled; its money is available.", back="portal:payouts")


@require_safe
@at_desk
def payouts_csv(_request: HttpRequest, desk: Desk) -> HttpResponse:
    """Every payout, oldest first; amounts in micro-USD."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    rows = use_cases.of_organisation(desk.organisation).order_by("requested_at", "pk")
    writer.writerows(rows.values_list("pk", *COLUMNS[1:]).iterator(chunk_size=500))
    reply = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    reply["Content-Disposition"] = f'attachment; filename="payouts-{desk.organisation.slug}.csv"'
    return reply


def _ask(form: PayoutForm, desk: Desk) -> None:
    use_cases.request(
        organisation=desk.organisation,
        amount_micro_usd=form.amount_micro_usd(),
        operation_id=form.cleaned_data["operation_id"],
        acting_user=desk.user,
        now=timezone.now(),
    )
