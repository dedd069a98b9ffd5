"""The policy page: clauses as a form, the same in plain words beside it, trying it, and publishing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from marketplace import policy_templates, publishing, reviews, tables
from marketplace.backtest.rows import COLUMNS, By, rows
from marketplace.models import PolicyTemplate, Source
from marketplace.portal.actions import attempt
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.figures.trials import Json, replayed, tried
from marketplace.portal.forms import EffectiveForm, PolicyForm, ReplayForm, TrialForm
from marketplace.portal.forms.policy import initial_from
from marketplace.portal.views.sources import own_source
from marketplace.streaming import streamed
from marketplace.validating import Validation, validate

SENT_TO_REVIEW = "Sent to review. The source votes once a reviewer of this market has approved it."
PUBLISHED = "Published. It holds from the next answer on."
# What stands in the folded parts of the page; a part that says something is open.
FOLDED = {
    "who": ("consumers_denied", "countries", "countries_denied"),
    "what": ("purposes_denied", "outputs"),
    "about": ("topic_",),
    "windows": ("window_",),
    "private": ("privacy_",),
    "prices": ("price_0_", "price_1_"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One problem as the summary lists it."""

    label: str
    text: str


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def policy(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found = own_source(desk, slug)
    if request.method != "POST":
        start = _template(request)
        shown = start.plain if start else _in_force(found)
        form = PolicyForm(initial=initial_from(shown))
        return _page(
            request, desk, found, form, _as_it_stands(found, shown), when=EffectiveForm(), start=start
        )
    (form, checked), when = _sent(request, found), EffectiveForm(request.POST)
    holds_together, does = when.is_valid() and not form.errors, request.POST.get("do", "")
    if holds_together and does == "publish" and _publish(form, when, desk, found):
        return _published(request, found, when.cleaned_data["effective_at"])
    panels = {"try": _tried, "replay": _replayed}
    more = panels[does](request, found, form) if does in panels else {}
    return _page(request, desk, found, form, checked, when=when, **more)


@require_POST
@at_desk
def preview(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    """The summary alone, for the module that asks while its owner types."""
    form, checked = _sent(request, own_source(desk, slug))
    return page(request, desk, "parts/summary.html", **_summary(form, checked))


@require_POST
@at_desk
def try_it(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    """The simulator's result alone."""
    found = own_source(desk, slug)
    return page(request, desk, "parts/policy_tried.html", **_tried(request, found, _sent(request, found)[0]))


@require_POST
@at_desk
def backtest(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    """The back-test's result alone."""
    found = own_source(desk, slug)
    more = _replayed(request, found, _sent(request, found)[0])
    return page(request, desk, "parts/policy_replayed.html", **more)


@require_POST
@at_desk
def backtest_csv(request: HttpRequest, desk: Desk, slug: str) -> HttpResponseBase:
    """All rows of a back-test; what is wrong leads back to the page that says it."""
    found = own_source(desk, slug)
    form, checked = _sent(request, found)
    shown = _replayed(request, found, form)
    if "backtest" not in shown:
        return _page(request, desk, found, form, checked, when=EffectiveForm(request.POST), **shown)
    by: By = "day" if request.POST.get("by") == "day" else "consumer"
    lines = tables.lines((by, *COLUMNS), rows(shown["backtest"], by))
    filename = f"backtest-{found.slug}-by-{by}.csv"
    return streamed(request, lines, content_type="text/csv; charset=utf-8", filename=filename)


def _sent(request: HttpRequest, source: Source) -> tuple[PolicyForm, Validation | None]:
    """The form, and what the policy it stands for would meet; its problems are the form's errors."""
    form = PolicyForm(request.POST, in_force=_in_force(source))
    if not form.is_valid():
        return form, None
    checked = validate(source=source, plain=form.plain(), now=timezone.now())
    form.add_problems(checked.errors)
    return form, checked


def _tried(request: HttpRequest, source: Source, form: PolicyForm) -> Json:
    return tried(source, form, TrialForm(request.POST))


def _replayed(request: HttpRequest, source: Source, form: PolicyForm) -> Json:
    return replayed(source, form, ReplayForm(request.POST))


def _publish(form: PolicyForm, when: EffectiveForm, desk: Desk, source: Source) -> bool:
    written, moment = form.plain(), when.cleaned_data["effective_at"]

    def call() -> None:
        publishing.publish_policy(
            source=source, plain=written, acting_user=desk.user, now=timezone.now(), effective_at=moment
        )

    return attempt(form, call)


def _published(request: HttpRequest, source: Source, moment: datetime | None) -> HttpResponse:
    """Back to what shows it: the source, or the versions where it waits for its moment."""
    if reviews.waiting_of(source) is not None:
        messages.success(request, SENT_TO_REVIEW)
    elif moment is not None:
        messages.success(request, f"Announced. It takes effect by itself on {moment:%d %B %Y, %H:%M} UTC.")
        return redirect("portal:policy-versions", source.slug)
    else:
        messages.success(request, PUBLISHED)
    return redirect("portal:source", source.slug)


def _in_force(source: Source) -> Mapping[str, Any] | None:
    return source.policy.plain if source.policy else None


def _as_it_stands(source: Source, shown: Mapping[str, Any] | None) -> Validation | None:
    return None if shown is None else validate(source=source, plain=shown, now=timezone.now())


def _template(request: HttpRequest) -> PolicyTemplate | None:
    """The one that the owner chose to start from; NotFound where it is not offered."""
    slug = request.GET.get("template")
    return policy_templates.offered_one(slug) if slug else None


def _summary(form: PolicyForm, checked: Validation | None) -> Json:
    return {
        "sentences": _sentences(form, checked),
        "warnings": checked.warnings if checked else (),
        "diff": checked.diff if checked else None,
        "problems": _problems(form) if form.is_bound else [],
    }


def _sentences(form: PolicyForm, checked: Validation | None) -> list[str]:
    if checked is None and not form.is_bound:
        return [
            "Nobody is answered from this source yet. What you choose here is said in plain words as you go."
        ]
    return list(checked.sentences) if checked else []


def _problems(form: PolicyForm) -> list[Shown]:
    shown: list[Shown] = []
    for name, errors in form.errors.items():
        label = str(form.fields[name].label) if name in form.fields else ""
        shown.extend(Shown(label, str(error)) for error in errors)
    return shown


def _open(form: PolicyForm) -> dict[str, bool]:
    """Which of the folded parts say something, or say it wrong."""
    return {
        part: any(form[name].value() or form[name].errors for name in form.fields if name.startswith(starts))
        for part, starts in FOLDED.items()
    }


def _page(
    request: HttpRequest,
    desk: Desk,
    source: Source,
    form: PolicyForm,
    checked: Validation | None,
    *,
    when: EffectiveForm,
    **more: Any,
) -> HttpResponse:
    last = source.policies.order_by("-number").values_list("number", flat=True).first()
    shown = {"trial": TrialForm(), "replay": ReplayForm(), "templates": policy_templates.offered()} | more
    return page(
        request, desk, "policy.html", section="sources", source=source, form=form, open=_open(form),
        when=when, next_number=(last or 0) + 1, status=422 if form.errors or when.errors else 200,
        **_summary(form, checked), **shown,
    )  # fmt: skip
