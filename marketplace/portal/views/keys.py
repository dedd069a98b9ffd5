"""API keys: the list with limits and caps, issuing and rotating (shown once), changing caps, revoking."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounting.errors import NotFound
from marketplace import access, key_rotation, spend_caps
from marketplace.models import ApiKey
from marketplace.portal.actions import act, attempt
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.forms import CapsForm, KeyForm, RotateForm
from marketplace.spend_caps import KeyCaps

A_PAGE = 25


@dataclass(frozen=True, slots=True)
class Issued:
    """A key just issued; its plain text is on this one page and nowhere else."""

    name: str
    plain: str


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key of the list, where its caps stand, and the form that changes them."""

    key: ApiKey
    caps: KeyCaps
    form: CapsForm
    rotate_form: RotateForm

    @property
    def used_at(self) -> datetime | None:
        """By whichever secret."""
        return max(filter(None, (self.key.last_used_at, self.key.previous_used_at)), default=None)


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def keys(request: HttpRequest, desk: Desk) -> HttpResponse:
    form = KeyForm(request.POST or None)
    issued = _issue(form, desk) if request.method == "POST" and form.is_valid() else None
    return _listed(request, desk, form=KeyForm() if issued else form, issued=issued)


@require_POST
@at_desk
def rotate(request: HttpRequest, desk: Desk, key_id: int) -> HttpResponse:
    """A new secret for the same key, on a page that shows it once."""
    key = _own(desk, key_id)
    form = RotateForm(request.POST, prefix=_prefix(key))
    if not form.is_valid():
        messages.error(request, "Choose how long the old secret works on.")
        return redirect("portal:keys")
    made: list[Issued] = []

    def call() -> None:
        rotated, text = key_rotation.rotate(
            key=key, overlap=form.overlap(), acting_user=desk.user, now=timezone.now()
        )
        made.append(Issued(f"{rotated.name}, secret {rotated.secret_number}", text))

    if attempt(form, call):
        return _listed(request, desk, form=KeyForm(), issued=made[0])
    messages.error(request, str(form.non_field_errors()[0]))
    return redirect("portal:keys")


@require_POST
@at_desk
def end_previous(request: HttpRequest, desk: Desk, key_id: int) -> HttpResponse:
    key = _own(desk, key_id)
    call = partial(key_rotation.end_previous, key=key, acting_user=desk.user, now=timezone.now())
    return act(request, call, done=f"Only the newest secret of “{key.name}” works now.", back="portal:keys")


def _listed(request: HttpRequest, desk: Desk, *, form: KeyForm, issued: Issued | None) -> HttpResponse:
    own = ApiKey.objects.filter(organisation=desk.organisation).select_related("created_by")
    found = own.order_by("-created_at", "-id")
    cut = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    now = timezone.now()
    reply = page(
        request,
        desk,
        "keys.html",
        section="keys",
        issued=issued,
        form=form,
        page=cut,
        rows=_rows(list(cut.object_list), now),
        may_issue=desk.may_issue_keys,
        now=now,
        status=422 if form.errors else 200,
    )
    if issued:
        reply["Cache-Control"] = "no-store"
    return reply


@require_POST
@at_desk
def caps(request: HttpRequest, desk: Desk, key_id: int) -> HttpResponse:
    """Change what a key may spend, from the next answer on."""
    key = _own(desk, key_id)
    form = CapsForm(request.POST, prefix=_prefix(key))
    if not form.is_valid():
        for name, errors in form.errors.items():
            messages.error(request, f"{form.fields[name].label} of “{key.name}”: {errors[0]}")
        return redirect("portal:keys")
    call = partial(
        spend_caps.change,
        key=key,
        spend_cap_micro_usd=form.spend_cap_micro_usd(),
        daily_cap_micro_usd=form.daily_cap_micro_usd(),
        acting_user=desk.user,
        now=timezone.now(),
    )
    return act(request, call, done=f"The caps of “{key.name}” are changed.", back="portal:keys")


@require_POST
@at_desk
def revoke(request: HttpRequest, desk: Desk, key_id: int) -> HttpResponse:
    key = _own(desk, key_id)
    call = partial(access.revoke_key, key=key, acting_user=desk.user, now=timezone.now())
    return act(request, call, done=f"The key “{key.name}” is revoked.", back="portal:keys")


def _own(desk: Desk, key_id: int) -> ApiKey:
    key = (
        ApiKey.objects.filter(organisation=desk.organisation, pk=key_id)
        .select_related("organisation")
        .first()
    )
    if key is None:
        raise NotFound("There is no such key.")
    return key


def _rows(found: list[ApiKey], now: datetime) -> list[KeyRow]:
    states = spend_caps.states(found, now=now)
    return [KeyRow(key, states[key.pk], _caps_form(key), RotateForm(prefix=_prefix(key))) for key in found]


def _caps_form(key: ApiKey) -> CapsForm:
    """Several of them stand on one page, so each has names and ids of its own."""
    initial = {
        "spend_cap_usd": _usd(key.spend_cap_micro_usd),
        "daily_cap_usd": _usd(key.daily_cap_micro_usd),
    }
    return CapsForm(prefix=_prefix(key), initial=initial)


def _prefix(key: ApiKey) -> str:
    return f"key-{key.pk}"


def _usd(micro_usd: int | None) -> Decimal | None:
    return None if micro_usd is None else Decimal(micro_usd) / 1_000_000


def _issue(form: KeyForm, desk: Desk) -> Issued | None:
    made: list[Issued] = []
    data = form.cleaned_data

    def call() -> None:
        key, text = access.issue_key(
            organisation=desk.organisation,
            name=data["name"],
            scopes=data["scopes"],
            source_slugs=data["source_slugs"],
            purposes=data["purposes"],
            default_purpose=data["default_purpose"],
            spend_cap_micro_usd=form.spend_cap_micro_usd(),
            daily_cap_micro_usd=form.daily_cap_micro_usd(),
            expires_at=form.expires_at(),
            acting_user=desk.user,
            now=timezone.now(),
        )
        made.append(Issued(key.name, text))

    return made[0] if attempt(form, call) else None
