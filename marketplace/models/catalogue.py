"""What the catalogue is searched by: one row a listed source, copied from the source and its policy in force.

A copy, for speed alone: `marketplace.catalogue.entries` writes it in the transaction that changes the source,
and can make it again. Its primary key and its columns `organisation`, `state` and `visibility` are those of
Source, so that `marketplace.visibility` decides on both alike.
"""

from django.db import models

from marketplace.models.people import Organisation
from marketplace.models.sources import Source


class CatalogueEntry(models.Model):
    """`words` and `card_words` begin every word with a space, folded; `topics` are bits."""

    source = models.OneToOneField(Source, on_delete=models.CASCADE, primary_key=True, related_name="entry")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=16)
    visibility = models.CharField(max_length=20)
    sort_title = models.CharField(max_length=400)
    license = models.CharField(max_length=100, blank=True)
    topics = models.BigIntegerField(default=0)
    regime = models.CharField(max_length=16, blank=True)
    price_micro_usd_per_nat = models.BigIntegerField(null=True)
    quotes = models.BooleanField(default=False)
    needs_approval = models.BooleanField(default=False)
    listed_at = models.DateTimeField(help_text="when the source was registered")
    updated_at = models.DateTimeField(help_text="when its text last changed")
    card_words = models.TextField(help_text="what everybody who sees the card may search in")
    words = models.TextField(help_text="the card and the description")

    class Meta:
        ordering = ["sort_title", "pk"]
        indexes = [
            models.Index(fields=["sort_title", "source"], name="entry_by_title"),
            models.Index(fields=["-listed_at", "-source"], name="entry_by_time"),
            models.Index(fields=["organisation"], name="entry_by_owner"),
            models.Index(  # all that facets are counted by, so that counting reads no words
                fields=[
                    "visibility",
                    "state",
                    "organisation",
                    "topics",
                    "license",
                    "regime",
                    "price_micro_usd_per_nat",
                    "quotes",
                    "needs_approval",
                    "updated_at",
                    "source",
                ],
                name="entry_facets",
            ),
        ]

    def __str__(self) -> str:
        return self.sort_title
