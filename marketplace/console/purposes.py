"""The taxonomy of purposes in the console: the tree, and how much each term is used.

The terms are published in code (`marketplace.policy.purposes`) and never change; policies and answers count
where they name the very term.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Sum
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from marketplace.console import refusals
from marketplace.console.site import shown
from marketplace.models import ApiKey, PolicyVersion, RefusalCount, RequestCount, Source, SourceState
from marketplace.policy.purposes import ANY, PURPOSES, Purpose


@dataclass(frozen=True, slots=True)
class Term:
    """One purpose with its use."""

    slug: str
    title: str
    depth: int
    allowed_by: int
    denied_by: int
    keys: int
    asked: int
    refused: int


def tree(request: HttpRequest) -> HttpResponseBase:
    now = timezone.now()
    since = refusals.since(now)
    allowed, denied, everything = _in_policies()
    keys = Counter(
        ApiKey.objects.filter(revoked_at__isnull=True).exclude(default_purpose="").values_list(
            "default_purpose", flat=True
        )
    )  # fmt: skip
    asked, refused = _asked(since), _refused(since)
    terms = [
        Term(
            one.slug, one.title, depth, allowed[one.slug], denied[one.slug], keys[one.slug],
            asked.get(one.slug, 0), refused.get(one.slug, 0),
        )
        for one, depth in walk()
    ]  # fmt: skip
    return shown(
        request, "purposes.html", "Purposes", terms=terms, everything=everything, since=since,
        days=refusals.DAYS,
    )  # fmt: skip


def walk(parent: str | None = None, depth: int = 0) -> Iterator[tuple[Purpose, int]]:
    """Every term below its parent, in the published order."""
    for one in PURPOSES.values():
        if one.parent == parent:
            yield one, depth
            yield from walk(one.slug, depth + 1)


def _in_policies() -> tuple[Counter[str], Counter[str], int]:
    """How many policies in force allow and deny each term, and how many allow every purpose."""
    in_force = Source.objects.filter(state=SourceState.LIVE, policy__isnull=False).values("policy_id")
    allowed: Counter[str] = Counter()
    denied: Counter[str] = Counter()
    plains = PolicyVersion.objects.filter(pk__in=in_force).values_list("plain__purposes", flat=True)
    for said in plains.iterator():
        allowed.update((said or {}).get("allow") or ())
        denied.update((said or {}).get("deny") or ())
    return allowed, denied, allowed.pop(ANY, 0)


def _asked(since: date) -> dict[str, int]:
    sums = RequestCount.objects.filter(day__gte=since).order_by().values_list("purpose")
    return dict(sums.annotate(total=Sum("count")))


def _refused(since: date) -> dict[str, int]:
    """Refusals by the purpose clause, of answers for this purpose."""
    rows = RefusalCount.objects.filter(day__gte=since, rule="purpose").order_by().values_list("purpose")
    return dict(rows.annotate(total=Sum("count")))
