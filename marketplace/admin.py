"""WHO and WHAT in the console, gathered from one module per part."""

from django.contrib import admin

from marketplace.console import payouts, people, policies, refunds, reviews, sources, templates, training

__all__ = ["payouts", "people", "policies", "refunds", "reviews", "sources", "templates", "training"]

admin.site.index_title = "Overview"
admin.site.index_template = "console/index.html"
