"""What uploaded texts say about their own use, and what owners said to it, in the console: to look at."""

from django.contrib import admin

from accounting.console import ReadOnlyAdmin, state_column
from marketplace.models import RightsFinding, RightsReading


@admin.register(RightsReading)
class RightsReadingAdmin(ReadOnlyAdmin):
    list_display = ("version", "read_at")
    list_select_related = ("version",)
    search_fields = ("version__source__slug", "version__source__title")


@admin.register(RightsFinding)
class RightsFindingAdmin(ReadOnlyAdmin):
    list_display = (
        "source", "vocabulary", "sentence", "verdict", "forbids_training", "shown_decision", "decided_by"
    )  # fmt: skip
    list_filter = ("decision", "verdict", "vocabulary", "forbids_training")
    list_select_related = ("reading__version__source", "decided_by")
    search_fields = ("reading__version__source__slug", "statement", "sentence", "note")
    shown_decision = state_column(
        {"open": "warning", "applies": "success", "does_not_apply": "info"}, "decision", "owner's word"
    )

    @admin.display(description="source")
    def source(self, finding: RightsFinding) -> str:
        return str(finding.reading.version.source)
