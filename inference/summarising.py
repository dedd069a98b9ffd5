"""Gives partitions that were trained before there were summaries theirs, once, from their own index.

Run when an engine starts; new partitions come with one from training. A partition whose index cannot be read
is left without: it is ranked last and reported where it is used. It must not change a partition.
"""

import logging

from inference.net.encoder import Encoder
from inference.net.index import IndexInvalid, PassageIndex
from inference.net.summaries import centres, packed
from inference.shelf import OpenFile
from marketplace.models import Partition, PartitionState, PartitionSummary
from marketplace.storage import Corrupt

logger = logging.getLogger(__name__)
BATCH = 500


def summarise_all(*, encoder: Encoder, open_file: OpenFile) -> int:
    """How many got one; a second run finds nothing to do."""
    waiting = Partition.objects.filter(state=PartitionState.ACTIVE, summary__isnull=True).order_by("pk")
    made, last = 0, 0
    while batch := list(waiting.filter(pk__gt=last).only("index_digest")[:BATCH]):
        last = batch[-1].pk
        found = [one for one in (_summary(part, encoder, open_file) for part in batch) if one is not None]
        PartitionSummary.objects.bulk_create(found, ignore_conflicts=True)
        made += len(found)
    return made


def _summary(partition: Partition, encoder: Encoder, open_file: OpenFile) -> PartitionSummary | None:
    try:
        index = PassageIndex.from_bytes(
            open_file(partition.index_digest).read_bytes(), dimensions=encoder.dimensions
        )
    except (Corrupt, IndexInvalid, OSError) as error:
        logger.warning("Partition %s has no summary: %s", partition.pk, error)
        return None
    return PartitionSummary(
        partition=partition, encoder_digest=encoder.digest, vectors=packed(centres(index.vectors()))
    )
