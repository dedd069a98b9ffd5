"""Access: who asks an owner for sources and rests on them, and what a consumer's own use rests on."""

from functools import partial
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.errors import NotFound
from marketplace import agreements as use_cases
from marketplace.models import Agreement, AgreementState, PolicyVersion, Side
from marketplace.policy.diff import Diff
from marketplace.portal.actions import act, attempt
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.forms import AccessForm
from marketplace.roles import EDITORS
from marketplace.visibility import visible_source

A_PAGE = 25
ASKED = "Asked for. Its owner decides, and you are written to."
DONE = {"approve": "approved", "refuse": "refused", "end": "ended"}


@require_safe
@at_desk
def requests(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The owner's inbox: what waits first, everything else by its state."""
    rows = use_cases.of_owner(desk.organisation)
    state = _state(request, AgreementState.REQUESTED)
    return page(
        request, desk, "access.html", section="access", state=state, counts=_counts(rows),
        page=_cut(request, rows.filter(state=state)), query=f"state={state}&",
    )  # fmt: skip


@require_POST
@at_desk
def decide(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Everything that was ticked, or the one whose button was pressed."""
    alone = request.POST.get("approve")
    decision = "approve" if alone else request.POST.get("decision", "")
    if decision not in DONE:
        raise NotFound("There is no such decision.")
    done, failed = use_cases.decide(
        owner=desk.organisation, decision=cast("use_cases.Decision", decision),
        agreement_ids=_ids([alone] if alone else request.POST.getlist("agreement")),
        reason=request.POST.get("reason", ""), acting_user=desk.user, now=timezone.now(),
    )  # fmt: skip
    if done:
        messages.success(request, f"{len(done)} {DONE[decision]}. It counts from the next answer on.")
    for one in {(one.code, one.detail) for one in failed}:
        messages.error(request, one[1])
    if not done and not failed:
        messages.error(request, "Tick at least one request first.")
    return redirect(f"{reverse('portal:access')}?state={_state(request, AgreementState.REQUESTED)}")


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def agreements(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What this organisation asked others for, with a form to ask for more."""
    form = AccessForm(request.POST or None, initial={"source": request.GET.get("source", "")})
    made = _ask(form, desk) if request.method == "POST" and form.is_valid() else None
    if made is not None:
        waits = made.state == AgreementState.REQUESTED
        messages.success(request, ASKED if waits else "It is in force: the source may vote for you.")
        return redirect("portal:agreements")
    rows = use_cases.of_consumer(desk.organisation)
    state = _state(request, "")
    cut = _cut(request, rows.filter(state=state) if state else rows)
    return page(
        request, desk, "agreements.html", section="agreements", form=form, state=state, counts=_counts(rows),
        page=cut, rows=[_shown(one) for one in cut.object_list], may_ask=desk.role in EDITORS,
        query=f"state={state}&" if state else "", status=422 if form.errors else 200,
    )  # fmt: skip


@require_POST
@at_desk
def end(request: HttpRequest, desk: Desk, agreement_id: UUID) -> HttpResponse:
    found = use_cases.one_of(use_cases.of_consumer(desk.organisation), agreement_id)
    call = partial(
        use_cases.end, agreement=found, side=Side.CONSUMER, acting_user=desk.user, now=timezone.now()
    )
    return act(request, call, done="Ended. Nothing new rests on it.", back="portal:agreements")


@require_POST
@at_desk
def confirm(request: HttpRequest, desk: Desk, agreement_id: UUID) -> HttpResponse:
    found = use_cases.one_of(use_cases.of_consumer(desk.organisation), agreement_id)
    number = request.POST.get("policy_version", "")
    call = partial(
        use_cases.confirm, agreement=found, number=int(number) if number.isdecimal() else 0,
        acting_user=desk.user, now=timezone.now(),
    )  # fmt: skip
    return act(request, call, done="Confirmed: the new terms hold for you.", back="portal:agreements")


def _ask(form: AccessForm, desk: Desk) -> Agreement | None:
    """None where it was refused; the form says why."""
    wish, made = form.cleaned_data, list[Agreement]()
    try:
        source = visible_source(organisation=desk.organisation, slug=wish["source"])
    except NotFound as error:  # typed by hand: it belongs to its field, not to a page that says 404
        form.add_error("source", error.detail)
        return None

    def call() -> None:
        made.append(
            use_cases.request(
                consumer=desk.organisation, source=source, purpose=wish["purpose"],
                statement=wish["statement"], acting_user=desk.user, now=timezone.now(),
            )
        )  # fmt: skip

    return made[0] if attempt(form, call) else None


def _shown(agreement: Agreement) -> tuple[Agreement, PolicyVersion | None, Diff | None]:
    """The row, the terms that wait to be confirmed, and what they change."""
    version = agreement.to_confirm
    return agreement, version, None if version is None else use_cases.changes(agreement, version)


def _ids(texts: list[str]) -> list[UUID]:
    """What is no id names no agreement."""
    found = []
    for text in texts[: use_cases.MOST_AT_ONCE]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _state(request: HttpRequest, usual: str) -> str:
    chosen = (request.POST if request.method == "POST" else request.GET).get("state", usual)
    return chosen if chosen in AgreementState.values else usual


def _counts(rows: QuerySet[Agreement]) -> list[tuple[str, str, int]]:
    """Every state with its words and how many there are."""
    found = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    words = {AgreementState.REQUESTED: "Requests", AgreementState.IN_FORCE: "In force",
             AgreementState.REFUSED: "Refused", AgreementState.ENDED: "Ended"}  # fmt: skip
    return [(state.value, said, found.get(state.value, 0)) for state, said in words.items()]


def _cut(request: HttpRequest, rows: QuerySet[Agreement]) -> Page[Agreement]:
    return Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
