"""The policy page: clauses as a form, the same in plain words beside it, and publishing."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from marketplace import publishing, reviews
from marketplace.models import Source
from marketplace.policy import plain
from marketplace.policy.problems import PolicyInvalid
from marketplace.policy.sentences import sentences
from marketplace.portal.actions import attempt
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.forms import EffectiveForm, PolicyForm
from marketplace.portal.forms.policy import initial_from
from marketplace.portal.views.sources import own_source

SENT_TO_REVIEW = "Sent to review. The source votes once a reviewer of this market has approved it."


@dataclass(frozen=True, slots=True)
class Shown:
    """One problem as the summary lists it."""

    label: str
    text: str


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def policy(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found = own_source(desk, slug)
    in_force = found.policy.plain if found.policy else None
    if request.method != "POST":
        form = PolicyForm(initial=initial_from(in_force))
        return _page(request, desk, found, form, _in_force(found), when=EffectiveForm())
    form = PolicyForm(request.POST, in_force=in_force)
    words, when = checked(form), EffectiveForm(request.POST)
    holds_together = when.is_valid() and not form.errors
    if holds_together and request.POST.get("do") == "publish" and _publish(form, when, desk, found):
        return _published(request, found, when.cleaned_data["effective_at"])
    return _page(request, desk, found, form, words, when=when)


@require_POST
@at_desk
def preview(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    """The summary alone, for the module that asks while its owner types."""
    found = own_source(desk, slug)
    form = PolicyForm(request.POST, in_force=found.policy.plain if found.policy else None)
    words = checked(form)
    return page(request, desk, "parts/summary.html", sentences=words, problems=_problems(form))


def checked(form: PolicyForm) -> list[str]:
    """The form's policy in plain words; what does not hold together becomes the form's errors."""
    if not form.is_valid():
        return []
    try:
        return sentences(plain.parse(form.plain()))
    except PolicyInvalid as invalid:
        form.add_problems(invalid.problems)
        return []


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
        messages.success(request, "Published. It holds from the next answer on.")
    return redirect("portal:source", source.slug)


def _in_force(source: Source) -> list[str]:
    if source.policy is None:
        return [
            "Nobody is answered from this source yet. What you choose here is said in plain words as you go."
        ]
    return sentences(plain.parse(source.policy.plain))


def _problems(form: PolicyForm) -> list[Shown]:
    shown: list[Shown] = []
    for name, errors in form.errors.items():
        label = str(form.fields[name].label) if name in form.fields else ""
        shown.extend(Shown(label, str(error)) for error in errors)
    return shown


def _has_exceptions(form: PolicyForm) -> bool:
    """Whether the part of the form that is folded away says anything."""
    return any(
        form[name].value() for name in ("purposes_denied", "consumers_denied", "valid_from", "valid_until")
    )


def _page(
    request: HttpRequest,
    desk: Desk,
    source: Source,
    form: PolicyForm,
    words: list[str],
    *,
    when: EffectiveForm,
) -> HttpResponse:
    newest = source.policies.order_by("-number").values_list("number", flat=True).first()
    return page(
        request, desk, "policy.html", section="sources", source=source, form=form, sentences=words,
        problems=_problems(form) if form.is_bound else [],
        exceptions=_has_exceptions(form),
        windows_set=any(field.value() or field.errors for _, fields in form.windows() for field in fields),
        when=when, next_number=(newest or 0) + 1, status=422 if form.errors or when.errors else 200,
    )  # fmt: skip
