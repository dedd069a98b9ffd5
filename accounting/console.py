"""How the console shows rows: a base for tables that nobody may edit, and columns that say their unit.

Every app's admin.py builds on this; it is the one place that knows the admin package. It must not write: what
the console changes goes through use cases.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.checks import ModelAdminChecks
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounting import words

Column = Any  # what the admin package makes of a function; it is not typed


class ReadOnlyAdmin(ModelAdmin):
    """Rows to look at: search, filters, details; no adding, changing or deleting."""

    checks_class = ModelAdminChecks  # the package's own looks for permissions in tables, we have one in code
    list_per_page = 50
    list_fullwidth = True
    show_full_result_count = False
    ordering: Sequence[str] = ("-pk",)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def money(field: str, description: str) -> Column:
    """A column of micro-USD, shown in dollars."""

    @display(description=description, ordering=field)
    def column(_admin: Any, row: Any) -> str:
        value = getattr(row, field)
        return "no limit" if value is None else words.dollars(value)

    return column


def influence(field: str, description: str) -> Column:
    """A column of nano-nats, shown in nats."""

    @display(description=description, ordering=field)
    def column(_admin: Any, row: Any) -> str:
        value = getattr(row, field)
        return "no limit" if value is None else words.nats(value)

    return column


def amount(field: str, description: str) -> Column:
    """A column of whichever asset the row is kept in."""

    @display(description=description, ordering=field)
    def column(_admin: Any, row: Any) -> str:
        value = getattr(row, field)
        if value is None:
            return "none stated"
        return words.dollars(value) if row.asset == "micro_usd" else words.nats(value)

    return column


def state_column(colours: dict[str, str], field: str = "state", description: str = "state") -> Column:
    """A state as a coloured label that also says the word."""

    @display(description=description, ordering=field, label=colours)
    def column(_admin: Any, row: Any) -> str:
        return str(getattr(row, field))

    return column
