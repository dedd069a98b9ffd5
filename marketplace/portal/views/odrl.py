"""A policy as an ODRL offer: to download, and to import from a file."""

import json
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounting.errors import DomainError, Invalid, NotFound
from marketplace import offers, policy_versions
from marketplace.api.odrl import LINKED_DATA, base_of
from marketplace.models import PolicyVersion, Source
from marketplace.portal.actions import in_words
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.forms import OfferForm
from marketplace.portal.views.sources import own_source


@require_safe
@at_desk
def download(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    found = own_source(desk, slug)
    version = policy_versions.current(found, timezone.now())
    if version is None:
        raise NotFound("This source has no policy yet.")
    offer = offers.offer_of(found, version, base=base_of(request), in_full=True)
    text = json.dumps(offer, indent=2, ensure_ascii=False)
    reply = HttpResponse(text, content_type=LINKED_DATA)
    reply["Content-Disposition"] = f'attachment; filename="{found.slug}-policy-{version.number}.jsonld"'
    reply["Cache-Control"] = "private, no-store"
    return reply


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def odrl(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    """What an offer is, both ways; a file that is refused leaves a list of what is wrong and where."""
    found = own_source(desk, slug)
    form = OfferForm(request.POST or None, request.FILES or None)
    problems: list[dict[str, str]] = []
    if request.method == "POST" and form.is_valid():
        version, problems = _imported(request, desk, found, form)
        if version is not None:
            messages.success(request, f"Imported: this is version {version.number} of the policy.")
            return redirect("portal:source", found.slug)
    return page(
        request, desk, "odrl.html", section="sources", source=found, form=form, problems=problems,
        current=policy_versions.current(found, timezone.now()), profile=f"{base_of(request)}/ns/abc/v1",
        status=422 if form.errors or problems else 200,
    )  # fmt: skip


def _imported(
    request: HttpRequest, desk: Desk, source: Source, form: OfferForm
) -> tuple[PolicyVersion | None, list[dict[str, str]]]:
    try:
        version = offers.import_offer(
            source=source, document=_read(form.cleaned_data["offer"]), base=base_of(request),
            acting_user=desk.user, now=timezone.now(),
        )  # fmt: skip
    except Invalid as error:
        listed: Any = error.extra.get("problems")
        if not listed:
            form.add_error("offer", in_words(error))
        return None, listed or []
    except DomainError as error:
        if error.status in {403, 404}:
            raise
        form.add_error("offer", in_words(error))
        return None, []
    return version, []


def _read(file: "UploadedFile[Any]") -> dict[str, Any]:
    try:
        document = json.loads(file.read().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Invalid(
            "The file is not JSON in UTF-8.", next_step="Choose a .jsonld or .json file."
        ) from error
    if not isinstance(document, dict):
        raise Invalid("The file holds no JSON object.", next_step="Choose a file with one ODRL offer.")
    return document
