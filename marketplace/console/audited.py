"""The console's own forms (people and permission groups) leave audit rows as use cases do: before and after.

Django calls its log for whatever the console adds, changes (a password too) or deletes; the row is written
there. What a person is called or reached by is personal and is named here, not copied.
"""

from typing import Any, cast

from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from accounting import audit
from marketplace.models import User


class AuditedAdmin:
    """Stands before the admin class whose changes it records."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        if found is not None:
            found.console_found = standing_of(found)
        return found

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        _record(request, obj, "created", None, standing_of(obj))
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        before = getattr(obj, "console_found", None)
        after = standing_of(type(obj)._default_manager.get(pk=obj.pk))
        _record(request, obj, "changed", before, {**after, "changed": _changed_fields(message)})
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            _record(request, obj, "deleted", standing_of(obj), None)
        return super().log_deletions(request, queryset)  # type: ignore[misc]


def standing_of(obj: Model) -> dict[str, Any]:
    """What this person or group may do."""
    if isinstance(obj, Group):
        return {"name": obj.name, "permissions": sorted(p.codename for p in obj.permissions.all())}
    user = cast("User", obj)
    return {
        "is_active": user.is_active,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "groups": sorted(group.name for group in user.groups.all()),
        "permissions": sorted(one.codename for one in user.user_permissions.all()),
    }


def _changed_fields(message: Any) -> list[str]:
    """The names of the fields that the form changed, as the console's own log says them."""
    parts = message if isinstance(message, list) else []
    return sorted(name for part in parts for name in part.get("changed", {}).get("fields", []))


def _record(request: HttpRequest, obj: Any, what: str, before: Any, after: Any) -> None:
    kind = "group" if isinstance(obj, Group) else "user"
    audit.record(
        acting_user=cast("User", request.user).get_username(),
        action=f"{kind}.{what}",
        subject=f"{kind}:{obj}" if kind == "group" else f"user:{obj.username}",
        before=before,
        after=after,
        now=timezone.now(),
    )
