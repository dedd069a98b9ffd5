"""The console's own forms (for people) leave audit rows as use cases do: before and after.

Django calls its log for whatever the console adds or changes (a password too); the row is written there. What
a person is called or reached by is personal and is named here, not copied.
"""

from typing import Any, cast

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


def standing_of(user: User) -> dict[str, Any]:
    """What this person may do, beside the staff roles, whose changes have audit rows of their own."""
    return {
        "is_active": user.is_active,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
    }


def _changed_fields(message: Any) -> list[str]:
    """The names of the fields that the form changed, as the console's own log says them."""
    parts = message if isinstance(message, list) else []
    return sorted(name for part in parts for name in part.get("changed", {}).get("fields", []))


def _record(request: HttpRequest, obj: Any, what: str, before: Any, after: Any) -> None:
    audit.record(
        acting_user=cast("User", request.user).get_username(),
        action=f"user.{what}",
        subject=f"user:{obj.username}",
        before=before,
        after=after,
        now=timezone.now(),
    )
