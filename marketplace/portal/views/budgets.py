"""The budgets of one source: how full each is, how long it lasts, what was told, and a switch for each."""

from functools import partial

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from marketplace import budget_mail, budget_report, pausing
from marketplace.models import BudgetAlert, Source
from marketplace.portal.actions import act
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.figures.budget_lines import shown
from marketplace.portal.views.sources import own_source

ROWS = 25
NOTICES = 8
LONGEST_REASON = 300


@require_safe
@at_desk
def budgets(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found, now = own_source(desk, slug), timezone.now()
    past = request.GET.get("past") == "true"
    rows = (budget_report.past_rows if past else budget_report.consumers_rows)(source=found, now=now)
    order = ("-starts_at", "pk") if past else ("consumer__slug", "pk")
    cut = Paginator(rows.order_by(*order), ROWS).get_page(request.GET.get("page"))
    own = list(cut.object_list)
    lines = shown(budget_report.budgets_of(source=found, rows=own, now=now, lasting=not past))
    first = len(lines) - len(own)
    return page(
        request, desk, "budgets.html", section="sources", source=found, now=now, past=past,
        budgets=lines[:first], rows=lines[first:], page=cut, notices=[] if past else _notices(found),
    )  # fmt: skip


@require_POST
@at_desk
def pause(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found, sent = own_source(desk, slug), request.POST
    call = partial(
        pausing.pause, source=found, budget=sent.get("budget", ""), consumer=sent.get("consumer") or None,
        reason=sent.get("reason", "").strip()[:LONGEST_REASON], acting_user=desk.user, now=timezone.now(),
    )  # fmt: skip
    return act(
        request, call, done="Paused: answers that count there go on without the source.", back=_back(found)
    )


@require_POST
@at_desk
def resume(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found, sent = own_source(desk, slug), request.POST
    call = partial(
        pausing.resume, source=found, budget=sent.get("budget", ""), consumer=sent.get("consumer") or None,
        acting_user=desk.user, now=timezone.now(),
    )  # fmt: skip
    return act(request, call, done="Resumed: it gives again what its limit leaves.", back=_back(found))


def _notices(source: Source) -> list[tuple[BudgetAlert, str]]:
    """The newest that still hold."""
    alerts = BudgetAlert.objects.filter(source=source, rearmed_at__isnull=True).select_related("consumer")
    return [(alert, budget_mail.said(alert)) for alert in alerts[:NOTICES]]


def _back(source: Source) -> str:
    return reverse("portal:budgets", args=[source.slug])
