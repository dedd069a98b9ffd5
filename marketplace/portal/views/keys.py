"""API keys: the list, issuing one (shown once), revoking one."""

from dataclasses import dataclass
from functools import partial

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounting.errors import NotFound
from marketplace import access
from marketplace.models import ApiKey
from marketplace.portal.actions import act, attempt
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.forms import KeyForm

A_PAGE = 25


@dataclass(frozen=True, slots=True)
class Issued:
    """A key just issued; its plain text is on this one page and nowhere else."""

    name: str
    plain: str


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def keys(request: HttpRequest, desk: Desk) -> HttpResponse:
    form = KeyForm(request.POST or None)
    issued = _issue(form, desk) if request.method == "POST" and form.is_valid() else None
    rows = ApiKey.objects.filter(organisation=desk.organisation).order_by("-created_at", "-id")
    reply = page(
        request,
        desk,
        "keys.html",
        section="keys",
        issued=issued,
        form=KeyForm() if issued else form,
        page=Paginator(rows, A_PAGE).get_page(request.GET.get("page")),
        may_issue=desk.may_issue_keys,
        now=timezone.now(),
        status=422 if form.errors else 200,
    )
    if issued:
        reply["Cache-Control"] = "no-store"
    return reply


@require_POST
@at_desk
def revoke(request: HttpRequest, desk: Desk, key_id: int) -> HttpResponse:
    key = (
        ApiKey.objects.filter(organisation=desk.organisation, pk=key_id)
        .select_related("organisation")
        .first()
    )
    if key is None:
        raise NotFound("There is no such key.")
    call = partial(access.revoke_key, key=key, acting_user=desk.user, now=timezone.now())
    return act(request, call, done=f"The key “{key.name}” is revoked.", back="portal:keys")


def _issue(form: KeyForm, desk: Desk) -> Issued | None:
    made: list[Issued] = []
    data = form.cleaned_data

    def call() -> None:
        key, text = access.issue_key(
            organisation=desk.organisation,
            name=data["name"],
            scopes=data["scopes"],
            default_purpose=data["default_purpose"],
            spend_cap_micro_usd=form.spend_cap_micro_usd(),
            expires_at=form.expires_at(),
            acting_user=desk.user,
            now=timezone.now(),
        )
        made.append(Issued(key.name, text))

    return made[0] if attempt(form, call) else None
