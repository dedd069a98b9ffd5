"""Any two policy versions side by side: their sentences, and every place of their plain forms."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from marketplace.console.sides import Sentence, Side, sentence_sides, sides
from marketplace.console.site import shown
from marketplace.models import PolicyVersion
from marketplace.parsed_policies import parsed
from marketplace.policy.sentences import sentences


@dataclass(frozen=True, slots=True)
class Comparison:
    """`before` is None for a first policy: then everything is new."""

    before: PolicyVersion | None
    after: PolicyVersion
    was: list[Sentence]
    now: list[Sentence]
    places: list[Side]

    @property
    def changed(self) -> int:
        return sum(place.state != "same" for place in self.places)


def compare(before: PolicyVersion | None, after: PolicyVersion) -> Comparison:
    was, now = sentence_sides(
        sentences(parsed(before)) if before else [],
        sentences(parsed(after)),
    )
    return Comparison(before, after, was, now, sides(before.plain if before else None, after.plain))


def page(request: HttpRequest) -> HttpResponseBase:
    """`?before=` and `?after=` are versions by their id, of one source or of two."""
    before, after = (_version(request, name) for name in ("before", "after"))
    shown_sources = {version.source_id for version in (before, after) if version}
    others = (
        PolicyVersion.objects.filter(source_id__in=shown_sources)
        .select_related("source")
        .order_by("source__slug", "-number")[:200]
    )
    return shown(
        request, "compare.html", "Two policies side by side",
        comparison=compare(before, after) if after else None,
        versions=list(others), before=before, after=after,
    )  # fmt: skip


def _version(request: HttpRequest, name: str) -> PolicyVersion | None:
    key: Any = request.GET.get(name, "")
    if not key:
        return None
    found = PolicyVersion.objects.select_related("source") if key.isdecimal() else None
    version = found.filter(pk=key).first() if found is not None else None
    if version is None:
        raise Http404
    return version
