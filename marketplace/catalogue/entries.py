"""Keeps the catalogue's rows: whoever changes what a source shows calls `refresh` in the same transaction.

The rows are copies for searching and can be made again at any time (`rebuild`). What a page shows of a source
is read from the source itself, never from here.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from marketplace.agreed_terms import needs_approval
from marketplace.catalogue.topics import TOPICS, bits_of
from marketplace.catalogue.words import plain_words
from marketplace.models import CatalogueEntry, Source, SourceVersion
from marketplace.parsed_policies import parsed
from marketplace.visibility import LISTED

_A_BATCH = 1000
_MOST_TITLE = 400
_FIELDS = [field for field in CatalogueEntry._meta.concrete_fields if not field.primary_key]
_COLUMNS = [field.name for field in _FIELDS]


def refresh(source: Source) -> None:
    """The row of a (locked) source that changed; a source that is not listed has none."""
    if source.state not in LISTED:
        CatalogueEntry.objects.filter(pk=source.pk).delete()
        return
    write([_with_update(Source.objects.filter(pk=source.pk)).get()])


def rebuild() -> int:
    """Every row made again; how many there are."""
    CatalogueEntry.objects.exclude(source__state__in=LISTED).delete()
    rows = _with_update(Source.objects.filter(state__in=LISTED)).order_by("pk").iterator(_A_BATCH)
    return sum(write(batch) for batch in _batches(rows))


def mend() -> int:
    """Rows that are missing, or differ in what decides who sees them, made again; how many there were.

    They come about by an update of the code, or by hand: every use case keeps its own row.
    """
    listed = Source.objects.filter(state__in=LISTED)
    right = listed.filter(
        entry__state=F("state"), entry__visibility=F("visibility"), entry__organisation=F("organisation")
    )
    wrong = list(_with_update(listed.exclude(pk__in=right.values("pk")))[:_A_BATCH])
    gone, _ = CatalogueEntry.objects.exclude(source__state__in=LISTED).delete()
    return write(wrong) + gone


def drifted() -> list[str]:
    """Slugs of sources whose row is not what it would be made now: none, unless something is wrong."""
    held = CatalogueEntry.objects.in_bulk()
    wrong = []
    for source in _with_update(Source.objects.all()).order_by("pk").iterator(_A_BATCH):
        row = held.get(source.pk)
        wanted = entry_of(source) if source.state in LISTED else None
        if _values(row) != _values(wanted):
            wrong.append(source.slug)
    return wrong


def write(sources: Iterable[Source]) -> int:
    """Rows for these sources; each has `updated_at`, and comes with its organisation and policy."""
    entries = [entry_of(source) for source in sources]
    CatalogueEntry.objects.bulk_create(
        entries, update_conflicts=True, unique_fields=["source"], update_fields=_COLUMNS
    )
    return len(entries)


def entry_of(source: Source) -> CatalogueEntry:
    policy = None if source.policy is None else parsed(source.policy)
    owner = source.organisation
    topics = [TOPICS[slug].title for slug in source.topics]
    card = plain_words(source.title, source.slug, owner.name, owner.slug, source.license, *topics)
    return CatalogueEntry(
        source=source,
        organisation=owner,
        state=source.state,
        visibility=source.visibility,
        sort_title=plain_words(source.title)[:_MOST_TITLE],
        license=source.license,
        topics=bits_of(source.topics),
        regime=policy.limits.regime if policy else "",
        price_micro_usd_per_nat=policy.limits.price_micro_usd_per_nat if policy else None,
        quotes=bool(policy and policy.limits.quote),
        needs_approval=source.policy is not None and needs_approval(source, source.policy),
        listed_at=source.created_at,
        updated_at=getattr(source, "updated_at", None) or source.created_at,
        card_words=card,
        words=card + plain_words(source.description),
    )


def _with_update(sources: QuerySet[Source]) -> QuerySet[Source, Any]:
    newest = SourceVersion.objects.filter(source=OuterRef("pk")).order_by("-number")
    return sources.select_related("organisation", "policy").annotate(
        updated_at=Subquery(newest.values("created_at")[:1])
    )


def _batches(rows: Iterator[Source]) -> Iterator[list[Source]]:
    while batch := list(islice(rows, _A_BATCH)):
        yield batch


def _values(entry: CatalogueEntry | None) -> tuple[object, ...] | None:
    return None if entry is None else tuple(getattr(entry, field.attname) for field in _FIELDS)
