"""The review queue in the console: what waits, since when, and the three decisions. By use cases only."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounting.console import state_column
from marketplace import reviews
from marketplace.console.bulk import Bulk, BulkAdmin
from marketplace.console.comparing import Comparison, compare
from marketplace.console.dialogs import OptionalReasonForm, ReasonForm, carry_out, dialog
from marketplace.console.words import how_long
from marketplace.duplicates.overlaps import LEAST_SHOWN
from marketplace.models import (
    Resemblance,
    ReviewItem,
    RightsDecision,
    RightsFinding,
    Source,
    SourceVersion,
)
from marketplace.registration import newest_version

MOST_OVERLAPS = 5


@admin.register(ReviewItem)
class ReviewItemAdmin(BulkAdmin):
    list_display = ("source", "owner", "policy", "shown_state", "age", "asked_by", "decided_by", "reason")
    list_filter = ("state", "is_first", "asked_at")
    list_select_related = ("source__organisation", "version", "asked_by", "decided_by")
    search_fields = ("source__slug", "source__title", "source__organisation__name", "reason")
    ordering = ("asked_at", "pk")
    actions_detail = ("approve", "request_changes", "reject")
    change_form_outer_before_template = "console/review.html"
    bulk = (
        Bulk(
            "approve_many", "Approve these policies", "They take effect from the next answer on.",
            "marketplace.decide_review",
            lambda item, reason, user, now: reviews.approve(
                item=item, reason=reason, acting_user=user, now=now
            ),
            needs_reason=False,
        ),
        Bulk(
            "request_changes_many", "Request changes of these", "Their owners read the reason.",
            "marketplace.decide_review",
            lambda item, reason, user, now: reviews.request_changes(
                item=item, reason=reason, acting_user=user, now=now
            ),
        ),
        Bulk(
            "reject_many", "Reject these policies", "They never take effect; their owners read the reason.",
            "marketplace.decide_review",
            lambda item, reason, user, now: reviews.reject(
                item=item, reason=reason, acting_user=user, now=now
            ),
        ),
    )  # fmt: skip
    shown_state = state_column(
        {
            "waiting": "warning", "approved": "success", "changes_requested": "info", "rejected": "danger",
            "replaced": "info",
        }
    )  # fmt: skip

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        item = _item_or_none(object_id)
        context = {"review": looked_at(item)} if item else {}
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **context})

    @display(description="owner", ordering="source__organisation__name")
    def owner(self, item: ReviewItem) -> str:
        return item.source.organisation.name

    @display(description="policy", ordering="is_first")
    def policy(self, item: ReviewItem) -> str:
        return f"version {item.version.number}" + (", the first of this source" if item.is_first else "")

    @display(description="waited", ordering="asked_at")
    def age(self, item: ReviewItem) -> str:
        return how_long(reviews.age_of(item, timezone.now()))

    @action(
        description="Approve",
        url_path="approve",
        permissions=["marketplace.decide_review"],
        icon="check_circle",
        dialog=dialog(
            "Approve this policy", "It takes effect from the next answer on.", "Approve", OptionalReasonForm
        ),
    )
    def approve(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        item, reason = _item(object_id), form.cleaned_data["reason"]
        return carry_out(
            request,
            lambda user: reviews.approve(item=item, reason=reason, acting_user=user, now=timezone.now()),
            done=f"Approved: {item.source.title} votes under version {item.version.number}.",
            back=_page_of(object_id),
        )

    @action(
        description="Request changes",
        url_path="request-changes", permissions=["marketplace.decide_review"],
        icon="edit_note",
        dialog=dialog(
            "Request changes", "The owner reads the reason on the source's page and publishes again.",
            "Request changes", ReasonForm,
        ),
    )  # fmt: skip
    def request_changes(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        item, reason = _item(object_id), form.cleaned_data["reason"]
        return carry_out(
            request,
            lambda user: reviews.request_changes(
                item=item, reason=reason, acting_user=user, now=timezone.now()
            ),
            done="Changes are requested; the owner reads why.",
            back=_page_of(object_id),
        )

    @action(
        description="Reject",
        url_path="reject",
        permissions=["marketplace.decide_review"],
        icon="block",
        variant=ActionVariant.DANGER,
        dialog=dialog(
            "Reject this policy", "It never takes effect; the owner reads why.", "Reject", ReasonForm
        ),
    )
    def reject(self, request: HttpRequest, form: ReasonForm, object_id: int) -> HttpResponse:
        item, reason = _item(object_id), form.cleaned_data["reason"]
        return carry_out(
            request,
            lambda user: reviews.reject(item=item, reason=reason, acting_user=user, now=timezone.now()),
            done="Rejected; the owner reads why.",
            back=_page_of(object_id),
        )


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another source with much of the same text, hidden ones too: reviewers see what owners do not."""

    other: Source
    common: float

    @property
    def percent(self) -> str:
        return f"{100 * self.common:.0f}%"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a reviewer looks at before deciding."""

    item: ReviewItem
    age: str
    documents: int
    findings: int
    open_findings: int
    overlaps: list[Overlap]
    comparison: Comparison


def looked_at(item: ReviewItem) -> Looked:
    """The item with what its policy changes, and what is known of its source."""
    newest = newest_version(item.source)
    findings = (
        RightsFinding.objects.filter(reading__version=newest) if newest else RightsFinding.objects.none()
    )
    return Looked(
        item=item,
        age=how_long(reviews.age_of(item, timezone.now())),
        documents=newest.documents.count() if newest else 0,
        findings=findings.count(),
        open_findings=findings.filter(decision=RightsDecision.OPEN).count(),
        overlaps=_overlaps(newest),
        comparison=compare(item.version.replaces, item.version),
    )


def _overlaps(version: SourceVersion | None) -> list[Overlap]:
    """The most alike first; the share is of the wording of both that is common."""
    pairs = (
        Resemblance.objects.filter(Q(one=version) | Q(other=version), common__gte=LEAST_SHOWN)
        .select_related("one__source__organisation", "other__source__organisation")
        .order_by("-common")[:MOST_OVERLAPS]
    )
    return [Overlap((pair.other if pair.one == version else pair.one).source, pair.common) for pair in pairs]


def _rows() -> QuerySet[ReviewItem]:
    return ReviewItem.objects.select_related(
        "source__organisation", "version__replaces", "asked_by", "decided_by"
    )


def _item(object_id: int) -> ReviewItem:
    return _rows().get(pk=object_id)


def _item_or_none(object_id: str | None) -> ReviewItem | None:
    return _rows().filter(pk=object_id).first() if object_id and object_id.isdecimal() else None


def _page_of(object_id: int) -> str:
    return reverse("admin:marketplace_reviewitem_change", args=[object_id])
