"""One event of the audit log in the console, with what it changed side by side."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounting.admin import AuditEventAdmin
from accounting.models import AuditEvent
from marketplace.console.sides import sides

admin.site.unregister(AuditEvent)


@admin.register(AuditEvent)
class ReadableAuditEventAdmin(AuditEventAdmin):
    change_form_outer_before_template = "console/event.html"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        key = int(object_id) if object_id and object_id.isdecimal() else 0
        event = AuditEvent.objects.filter(pk=key).first()
        context = {"sides": sides(event.before, event.after)} if event else {}
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **context})
