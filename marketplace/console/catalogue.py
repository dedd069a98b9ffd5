"""What the catalogue searches in, in the console: one entry a source, kept by the product itself."""

from django.contrib import admin

from accounting.console import ReadOnlyAdmin, money
from marketplace.models import CatalogueEntry


@admin.register(CatalogueEntry)
class CatalogueEntryAdmin(ReadOnlyAdmin):
    list_display = (
        "source",
        "organisation",
        "state",
        "visibility",
        "license",
        "regime",
        "price",
        "listed_at",
    )
    list_filter = ("state", "visibility", "regime", "quotes", "needs_approval")
    list_select_related = ("source", "organisation")
    search_fields = ("source__slug", "source__title", "organisation__slug")
    price = money("price_micro_usd_per_nat", "price a nat")
