"""The list of an owner's sources, registering one, and its documents."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounting.errors import DomainError, NotFound, PermissionDenied
from marketplace import registration
from marketplace.models import Document, Source
from marketplace.portal.actions import attempt, in_words
from marketplace.portal.desk import Desk, at_desk, page
from marketplace.portal.figures.sources import rows_of, sources_of
from marketplace.portal.forms import DocumentsForm, SourceForm
from marketplace.portal.uploads import uploads_of
from marketplace.rights import gate

A_PAGE = 20
DOCUMENTS_A_PAGE = 50


@require_safe
@at_desk
def sources(request: HttpRequest, desk: Desk) -> HttpResponse:
    cut = Paginator(sources_of(desk.organisation), A_PAGE).get_page(request.GET.get("page"))
    rows = rows_of(list(cut.object_list))
    return page(request, desk, "sources.html", section="sources", page=cut, rows=rows)


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def new(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Register, then upload. A refused upload leaves the registered draft, and its page says why."""
    if not desk.may_write:
        raise PermissionDenied("Your role does not register sources.")
    form = SourceForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        source = _register(form, desk)
        if source is not None:
            return _upload_first(request, desk, source, form)
    return page(
        request, desk, "source_new.html", section="sources", form=form, files_chosen=bool(request.FILES),
        status=422 if form.errors else 200,
    )  # fmt: skip


def _register(form: SourceForm, desk: Desk) -> Source | None:
    made: list[Source] = []
    data = form.cleaned_data

    def call() -> None:
        made.append(
            registration.register_source(
                organisation=desk.organisation, slug=form.short_name(), title=data["title"],
                description=data["description"], license=data["license"], acting_user=desk.user,
                now=timezone.now(),
            )
        )  # fmt: skip

    return made[0] if attempt(form, call, field="slug") else None


def _upload_first(request: HttpRequest, desk: Desk, source: Source, form: SourceForm) -> HttpResponse:
    try:
        registration.add_documents(
            source=source,
            uploads=uploads_of(form.cleaned_data["documents"]),
            acting_user=desk.user,
            now=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, f"The source is registered, but its upload was refused. {in_words(error)}")
        return redirect("portal:documents", source.slug)
    messages.success(request, f"{source.title} is registered. Next: set its policy.")
    return redirect("portal:source", source.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def documents(request: HttpRequest, desk: Desk, slug: str) -> HttpResponse:
    """The documents of the newest version, and the way to add more."""
    source = own_source(desk, slug)
    form = DocumentsForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and _add(form, desk, source):
        return _after_upload(request, source)
    versions = list(source.versions.order_by("-number")[:10])
    version = versions[0] if versions else None
    rows = Document.objects.filter(Q(version=version) if version else Q(pk__in=[])).order_by("name")
    return page(
        request, desk, "documents.html", section="sources", source=source, versions=versions, version=version,
        next_number=version.number + 1 if version else 1, form=form, files_chosen=bool(request.FILES),
        page=Paginator(rows, DOCUMENTS_A_PAGE).get_page(request.GET.get("page")),
        status=422 if form.errors else 200,
    )  # fmt: skip


def _after_upload(request: HttpRequest, source: Source) -> HttpResponse:
    """Where texts state terms of their own, the next step is the owner's word on them, not training."""
    waiting = gate.waiting_in(registration.newest_version(source))
    if not waiting:
        messages.success(request, "Uploaded as a new version. Train again so that it votes.")
        return redirect("portal:documents", source.slug)
    terms = "a term" if waiting == 1 else f"{waiting} terms"
    messages.warning(
        request,
        f"Uploaded as a new version. Its texts state {terms} about their own use: decide below, then train.",
    )
    return redirect("portal:source", source.slug)


def _add(form: DocumentsForm, desk: Desk, source: Source) -> bool:
    def call() -> None:
        registration.add_documents(
            source=source,
            uploads=uploads_of(form.cleaned_data["documents"]),
            acting_user=desk.user,
            now=timezone.now(),
        )

    return attempt(form, call, field="documents")


def own_source(desk: Desk, slug: str) -> Source:
    """The source, if it is this organisation's; otherwise it does not exist."""
    source = (
        Source.objects.filter(organisation=desk.organisation, slug=slug)
        .select_related("policy", "organisation")
        .first()
    )
    if source is None:
        raise NotFound("There is no such source.")
    return source
