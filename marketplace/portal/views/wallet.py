"""The wallet: what is there, what moved, and topping it up."""

import uuid
from functools import partial
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounting import free_credit, wallet_movements
from accounting.errors import NotFound
from accounting.models import TopUp, TopUpState
from accounting.payments import configured, top_ups
from marketplace import tables
from marketplace import top_ups as buying
from marketplace.portal.actions import attempt
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.figures import wallets
from marketplace.portal.forms import TopUpForm
from marketplace.streaming import streamed

A_PAGE = 25
OPEN_TOP_UPS = 5
COLUMNS = ("at", "what", "amount_micro_usd", "receipt_id", "top_up_id")


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def wallet(request: HttpRequest, desk: Desk) -> HttpResponse:
    form = TopUpForm(request.POST or None, initial={"operation_id": uuid.uuid4()})
    if request.method == "POST" and form.is_valid():
        started = _start(request, form, desk)
        if started is not None:
            return redirect("portal:top-up", started.pk)
    wallet_id = desk.organisation.wallet_account_id
    cut = Paginator(wallet_movements.keys(wallet_id), A_PAGE).get_page(request.GET.get("page"))
    waiting = TopUp.objects.filter(wallet_id=wallet_id, state__in=(TopUpState.OPEN, TopUpState.REQUESTED))
    return page(
        request,
        desk,
        "wallet.html",
        section="wallet",
        wallet=wallets.of_organisation(desk.organisation),
        form=form,
        free_credit_due=free_credit.due_micro_usd(
            wallet_id=wallet_id, amount_micro_usd=settings.FREE_CREDIT_MICRO_USD_A_MONTH, now=timezone.now()
        ),
        may_pay=desk.may_pay,
        payments_are_on=configured.is_on(),
        waiting=waiting.order_by("-created_at", "-pk")[:OPEN_TOP_UPS],
        page=cut,
        movements=wallet_movements.shown(wallet_id, cut.object_list),
        status=422 if form.errors else 200,
    )


@require_safe
@at_desk
def wallet_csv(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """Every movement; amounts in micro-USD, so that nothing is rounded."""
    rows = (
        {
            "at": line.at,
            "what": line.label,
            "amount_micro_usd": line.amount_micro_usd,
            "receipt_id": line.receipt_id,
            "top_up_id": line.top_up_id,
        }
        for line in wallet_movements.all_shown(desk.organisation.wallet_account_id)
    )
    return streamed(
        request,
        tables.lines(COLUMNS, rows),
        content_type="text/csv; charset=utf-8",
        filename=f"wallet-{desk.organisation.slug}.csv",
    )


@require_safe
@at_desk
def top_up(request: HttpRequest, desk: Desk, top_up_id: UUID) -> HttpResponse:
    found = top_ups.of_wallet(wallet_id=desk.organisation.wallet_account_id, top_up_id=top_up_id)
    return page(request, desk, "top_up.html", section="wallet", top_up=found, may_pay=desk.may_pay)


@require_safe
@at_desk
def pay(_request: HttpRequest, desk: Desk, top_up_id: UUID) -> HttpResponse:
    """On to the provider's page. A page of its own, because forms here lead to no other host."""
    found = top_ups.of_wallet(wallet_id=desk.organisation.wallet_account_id, top_up_id=top_up_id)
    if not desk.may_pay or found.state != TopUpState.OPEN:
        raise NotFound("There is nothing to pay here.")
    return redirect(found.checkout_url)


def _start(request: HttpRequest, form: TopUpForm, desk: Desk) -> TopUp | None:
    made: list[TopUp] = []

    def call() -> None:
        made.append(
            buying.start(
                organisation=desk.organisation,
                amount_micro_usd=form.amount_micro_usd(),
                operation_id=form.cleaned_data["operation_id"],
                provider=configured.provider(),
                return_address=partial(_page_of, request),
                acting_user=desk.user,
                now=timezone.now(),
            )
        )

    return made[0] if attempt(form, call) else None


def _page_of(request: HttpRequest, top_up_id: UUID) -> str:
    return request.build_absolute_uri(reverse("portal:top-up", args=[top_up_id]))
