"""What is known of consumers beyond their names: groups that policies name, and domains that are theirs."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounting.console import ReadOnlyAdmin
from marketplace import consumer_groups, domains
from marketplace.console.dialogs import carry_out, dialog
from marketplace.models import ConsumerGroup, DomainClaim, Organisation, VerifiedDomain


class GroupForm(BaseDialogForm):
    """A new group of consumers."""

    title = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)
    slug = forms.CharField(
        label="Short name",
        max_length=64,
        widget=UnfoldAdminTextInputWidget,
        help_text="Policies name it as group:<short name>; it never changes.",
    )


class MemberForm(BaseDialogForm):
    """One organisation."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.order_by("slug"), widget=UnfoldAdminSelectWidget
    )


@admin.register(ConsumerGroup)
class ConsumerGroupAdmin(ReadOnlyAdmin):
    """Kept by operators. A group stays for good, since a policy may deny it; emptying it ends it."""

    list_display = ("title", "slug", "created_at")
    search_fields = ("title", "slug", "organisations__slug", "organisations__name")
    ordering = ("slug",)
    actions_list = ("open_group",)
    actions_detail = ("put_in", "take_out")

    @action(
        description="Open a group",
        url_path="open",
        icon="group_add",
        permissions=["marketplace.keep_groups"],
        dialog=dialog("Open a group of consumers", "It begins without members.", "Open it", GroupForm),
    )
    def open_group(self, request: HttpRequest, form: GroupForm) -> HttpResponse:
        slug, title = form.cleaned_data["slug"], form.cleaned_data["title"]
        return carry_out(
            request,
            lambda user: consumer_groups.open_group(
                slug=slug, title=title, acting_user=user, now=timezone.now()
            ),
            done=f"{title} is open. Put its organisations in next.",
            back=reverse("admin:marketplace_consumergroup_changelist"),
        )

    @action(
        description="Put an organisation in",
        url_path="put-in",
        icon="person_add",
        permissions=["marketplace.keep_groups"],
        dialog=dialog(
            "Put an organisation in", "Policies that name the group count for it from the next question on.",
            "Put it in", MemberForm,
        ),
    )  # fmt: skip
    def put_in(self, request: HttpRequest, form: MemberForm, object_id: int) -> HttpResponse:
        group, organisation = ConsumerGroup.objects.get(pk=object_id), form.cleaned_data["organisation"]
        return carry_out(
            request,
            lambda user: consumer_groups.put_in(
                group=group, organisation=organisation, acting_user=user, now=timezone.now()
            ),
            done=f"{organisation} is one of {group}.",
            back=_page_of(object_id),
        )

    @action(
        description="Take an organisation out",
        url_path="take-out",
        icon="person_remove",
        variant=ActionVariant.DANGER,
        permissions=["marketplace.keep_groups"],
        dialog=dialog(
            "Take an organisation out", "It counts as none of the group from the next question on.",
            "Take it out", MemberForm,
        ),
    )  # fmt: skip
    def take_out(self, request: HttpRequest, form: MemberForm, object_id: int) -> HttpResponse:
        group, organisation = ConsumerGroup.objects.get(pk=object_id), form.cleaned_data["organisation"]
        return carry_out(
            request,
            lambda user: consumer_groups.take_out(
                group=group, organisation=organisation, acting_user=user, now=timezone.now()
            ),
            done=f"{organisation} is none of {group}.",
            back=_page_of(object_id),
        )


@admin.register(DomainClaim)
class DomainClaimAdmin(ReadOnlyAdmin):
    list_display = ("domain", "organisation", "created_at")
    list_select_related = ("organisation",)
    search_fields = ("domain", "organisation__slug", "organisation__name")
    actions_detail = ("confirm",)

    @action(
        description="Confirm",
        url_path="confirm",
        icon="verified",
        permissions=["marketplace.confirm_facts"],
        dialog=dialog(
            "Confirm this domain",
            "Once you have seen proof other than its DNS. Policies that name the domain count from then on.",
            "Confirm it",
        ),
    )
    def confirm(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        claim = DomainClaim.objects.select_related("organisation").get(pk=object_id)
        return carry_out(
            request,
            lambda user: domains.confirm(
                organisation=claim.organisation, domain=claim.domain, acting_user=user, now=timezone.now()
            ),
            done=f"{claim.domain} is a domain of {claim.organisation}.",
            back=reverse("admin:marketplace_domainclaim_changelist"),
        )


@admin.register(VerifiedDomain)
class VerifiedDomainAdmin(ReadOnlyAdmin):
    list_display = ("domain", "organisation", "how", "verified_at")
    list_filter = ("how",)
    list_select_related = ("organisation",)
    search_fields = ("domain", "organisation__slug", "organisation__name")


def _page_of(group_id: int) -> str:
    return reverse("admin:marketplace_consumergroup_change", args=[group_id])
