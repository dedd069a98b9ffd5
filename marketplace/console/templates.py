"""Policy templates in the console: listed, opened in their own form, and deleted through the use case."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.enums import ActionVariant

from accounting.console import ReadOnlyAdmin
from marketplace import policy_templates
from marketplace.console.dialogs import carry_out, dialog
from marketplace.models import PolicyTemplate


@admin.register(PolicyTemplate)
class PolicyTemplateAdmin(ReadOnlyAdmin):
    list_display = ("title", "slug", "description", "active", "order")
    list_filter = ("active",)
    search_fields = ("title", "slug", "description")
    ordering = ("order", "slug")
    actions_list = ("new",)
    actions_detail = ("edit", "remove")

    @action(
        description="New template",
        url_path="new",
        icon="add",
        permissions=["marketplace.keep_templates"],
    )
    def new(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:template-new")

    @action(
        description="Change",
        url_path="edit",
        icon="edit",
        permissions=["marketplace.keep_templates"],
    )
    def edit(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return redirect("admin:template-change", PolicyTemplate.objects.get(pk=object_id).slug)

    @action(
        description="Delete",
        url_path="remove",
        icon="delete",
        variant=ActionVariant.DANGER,
        permissions=["marketplace.keep_templates"],
        dialog=dialog(
            "Delete this template",
            "Sources that started from it stay as they are. Its content stays in the audit log.",
            "Delete",
        ),
    )
    def remove(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        template = PolicyTemplate.objects.get(pk=object_id)
        return carry_out(
            request,
            lambda user: policy_templates.delete(template=template, acting_user=user, now=timezone.now()),
            done=f"{template.title} is deleted.",
            back=reverse("admin:marketplace_policytemplate_changelist"),
        )
