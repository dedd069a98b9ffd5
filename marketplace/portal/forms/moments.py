"""A moment in a form, in UTC: as browsers show it, and as a policy writes it, without losing a digit."""

from datetime import UTC, datetime
from typing import Any

from django import forms


class _Input(forms.DateTimeInput):
    """In minutes, as browsers show them; to the last digit where a policy says more."""

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, datetime):
            precise = value.second or value.microsecond
            return value.replace(tzinfo=None).isoformat(timespec="auto" if precise else "minutes")
        return super().format_value(value)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """A browser's own field knows milliseconds at most, and would drop what it does not know."""
        context = super().get_context(name, value, attrs)
        if "." in (context["widget"]["value"] or ""):
            context["widget"]["attrs"]["type"] = "text"
        return context


def field(label: str) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=False,
        help_text="UTC. Empty: no such limit.",
        widget=_Input(attrs={"type": "datetime-local", "step": "any"}),
    )


def written(moment: datetime | None) -> str | None:
    """As a policy writes it."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read(text: str | None) -> datetime | None:
    """As the form holds it."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
