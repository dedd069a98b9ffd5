"""Searching the audit log: who, what, on which subject, for which organisation, when, and any text of it.

Newest first, page by page from the last row's key on, so that a page is as fast deep in the log as at its
end; as CSV streamed, oldest first. Reads only.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from unfold.widgets import UnfoldAdminTextInputWidget

from accounting import keyset
from accounting.models import AuditEvent
from marketplace import tables
from marketplace.console.sides import Side, sides
from marketplace.console.site import shown
from marketplace.streaming import streamed

A_PAGE = 50
COLUMNS = ("at", "actor", "action", "subject", "organisation", "before", "after")


class Moment(UnfoldAdminTextInputWidget):
    input_type = "datetime-local"


class SearchForm(forms.Form):
    """All of it may be left out; what is given must hold at once."""

    actor = forms.CharField(label="Who", required=False, max_length=200, widget=UnfoldAdminTextInputWidget)
    action = forms.CharField(
        label="What", required=False, max_length=100, widget=UnfoldAdminTextInputWidget,
        help_text="e.g. policy.published, or policy for all of them",
    )  # fmt: skip
    subject = forms.CharField(
        label="On what", required=False, max_length=200, widget=UnfoldAdminTextInputWidget,
        help_text="e.g. source:almanac",
    )  # fmt: skip
    organisation = forms.CharField(
        label="Organisation", required=False, max_length=100, widget=UnfoldAdminTextInputWidget,
        help_text="its short name, exactly",
    )  # fmt: skip
    since = forms.DateTimeField(label="From (UTC)", required=False, widget=Moment)
    until = forms.DateTimeField(label="Until (UTC)", required=False, widget=Moment)
    text = forms.CharField(
        label="Text in before or after", required=False, max_length=200, widget=UnfoldAdminTextInputWidget
    )


@dataclass(frozen=True, slots=True)
class Found:
    """One event, and what it changed side by side."""

    event: AuditEvent
    sides: list[Side]


def found(wanted: dict[str, Any]) -> QuerySet[AuditEvent]:
    """The events that meet all that is given."""
    rows = AuditEvent.objects.all()
    for name in ("actor", "action", "subject"):
        if wanted.get(name):
            rows = rows.filter(**{f"{name}__icontains": wanted[name].strip()})
    if wanted.get("organisation"):
        rows = rows.filter(organisation_slug=wanted["organisation"].strip())
    if wanted.get("since"):
        rows = rows.filter(at__gte=wanted["since"])
    if wanted.get("until"):
        rows = rows.filter(at__lt=wanted["until"])
    if wanted.get("text"):
        rows = _with_text(rows, wanted["text"].strip())
    return rows


def search(request: HttpRequest) -> HttpResponseBase:
    form = SearchForm(request.GET or None)
    rows = found(form.cleaned_data) if form.is_valid() else AuditEvent.objects.all()
    if form.is_bound and form.errors:
        rows = AuditEvent.objects.none()
    page = list(_after(rows, request.GET.get("after", "")).order_by("-at", "-pk")[: A_PAGE + 1])
    events, more = page[:A_PAGE], len(page) > A_PAGE
    return shown(
        request, "audit.html", "Audit search",
        form=form,
        found=[Found(event, sides(event.before, event.after)) for event in events],
        older=_address(request, after=_key(events[-1])) if more else "",
        newest=_address(request, after="") if request.GET.get("after") else "",
        asked=_address(request, after="").removeprefix("?"),
    )  # fmt: skip


def as_csv(request: HttpRequest) -> HttpResponseBase:
    """The same events, oldest first, however many."""
    form = SearchForm(request.GET)
    rows = found(form.cleaned_data) if form.is_valid() else AuditEvent.objects.none()
    return streamed(
        request,
        tables.lines(COLUMNS, _csv_rows(rows)),
        content_type="text/csv; charset=utf-8",
        filename="audit.csv",
    )


def _csv_rows(rows: QuerySet[AuditEvent]) -> Iterator[dict[str, Any]]:
    columns = ("actor", "action", "subject", "organisation_slug", "before", "after")
    for at, _, actor, action, subject, organisation, before, after in keyset.walk(
        rows, moment="at", columns=columns
    ):
        yield {
            "at": at, "actor": actor, "action": action, "subject": subject, "organisation": organisation,
            "before": _json(before), "after": _json(after),
        }  # fmt: skip


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _with_text(rows: QuerySet[AuditEvent], text: str) -> QuerySet[AuditEvent]:
    """In what was before or is after; one of the databases keeps letters beyond ASCII escaped."""
    rows = rows.annotate(before_text=Cast("before", TextField()), after_text=Cast("after", TextField()))
    meets = Q()
    for written in {text, json.dumps(text)[1:-1]}:
        meets |= Q(before_text__icontains=written) | Q(after_text__icontains=written)
    return rows.filter(meets)


def _key(event: AuditEvent) -> str:
    return f"{event.at.isoformat()}_{event.pk}"


def _after(rows: QuerySet[AuditEvent], key: str) -> QuerySet[AuditEvent]:
    """What is older than the event of the key; a key that is none begins anew."""
    at, _, pk = key.partition("_")
    try:
        moment, number = datetime.fromisoformat(at), int(pk)
    except ValueError:
        return rows
    return rows.filter(at__lte=moment).filter(Q(at__lt=moment) | Q(at=moment, pk__lt=number))


def _address(request: HttpRequest, *, after: str) -> str:
    query = request.GET.copy()
    query.pop("after", None)
    if after:
        query["after"] = after
    return f"?{query.urlencode()}"
