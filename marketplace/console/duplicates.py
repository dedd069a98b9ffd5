"""Near-duplicates in the console: every pair that was found, those of hidden sources included."""

from django.contrib import admin
from unfold.decorators import display

from accounting.console import ReadOnlyAdmin
from marketplace.models import Resemblance, VersionSketch


@admin.register(Resemblance)
class ResemblanceAdmin(ReadOnlyAdmin):
    list_display = ("shown_one", "in_other", "shown_other", "in_one", "common_percent", "found_at")
    list_select_related = ("one__source", "other__source")
    search_fields = (
        "one__source__slug", "one__source__title", "other__source__slug", "other__source__title",
    )  # fmt: skip
    ordering = ("-common", "-pk")

    @display(description="source", ordering="one__source__slug")
    def shown_one(self, pair: Resemblance) -> str:
        return f"{pair.one.source.slug} version {pair.one.number}"

    @display(description="other source", ordering="other__source__slug")
    def shown_other(self, pair: Resemblance) -> str:
        return f"{pair.other.source.slug} version {pair.other.number}"

    @display(description="its text in the other", ordering="share_of_one")
    def in_other(self, pair: Resemblance) -> str:
        return _percent(pair.share_of_one, pair.error_of_one)

    @display(description="the other's text in it", ordering="share_of_other")
    def in_one(self, pair: Resemblance) -> str:
        return _percent(pair.share_of_other, pair.error_of_other)

    @display(description="common wording of both", ordering="common")
    def common_percent(self, pair: Resemblance) -> str:
        return f"{100 * pair.common:.0f}%"


@admin.register(VersionSketch)
class VersionSketchAdmin(ReadOnlyAdmin):
    """Which versions take part; those of the privacy regime do not."""

    list_display = ("version", "made_at", "compared_at")
    list_select_related = ("version",)
    search_fields = ("version__source__slug",)


def _percent(share: float, error: float) -> str:
    return f"{100 * share:.0f}% ± {100 * error:.0f}"
