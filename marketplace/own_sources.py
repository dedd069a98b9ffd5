"""An organisation's own sources with their figures: newest version, its documents, whether one votes.

The figures come with the rows, in one query. Reads only.
"""

from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from marketplace.models import Organisation, Partition, PartitionState, Source, SourceVersion


def own_sources(organisation: Organisation) -> QuerySet[Source]:
    """Each with `version` (None without one), `documents` and `votes`; all are open to their owner."""
    newest = SourceVersion.objects.filter(source=OuterRef("pk")).order_by("-number")
    counted = newest.annotate(total=Count("documents")).values("total")[:1]
    active = Partition.objects.filter(source=OuterRef("pk"), state=PartitionState.ACTIVE)
    return (
        Source.objects.filter(organisation=organisation)
        .select_related("organisation", "policy")
        .annotate(
            version=Subquery(newest.values("number")[:1]),
            documents=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
            votes=Exists(active),
            opened=Value(True),
        )
    )


def with_figures(source: Source) -> Source:
    """The same source, read again with its figures."""
    return own_sources(source.organisation).get(pk=source.pk)
