"""The partitions an engine has in memory: loaded by digest when first needed, the least used put back.

A partition whose files are missing, cut, or made for another core or encoder is unusable as a whole, never
half used; the log says why. (The place where indexes and adapters come to be loaded apart.)
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from inference.net.core import Core
from inference.net.encoder import Encoder
from inference.net.partition_files import Partition as Loaded
from inference.net.partition_files import PartitionCorrupt, PartitionPaths, load_partition
from marketplace.models import Partition
from marketplace.storage import Corrupt

logger = logging.getLogger(__name__)
OpenFile = Callable[[str], Path]


class Unusable(Exception):
    """The partition's files cannot be used; the log says why."""


class Shelf:
    """Used by the engine's one thread."""

    def __init__(self, *, core: Core, encoder: Encoder, open_file: OpenFile, resident: int = 48) -> None:
        self._core = core
        self._encoder = encoder
        self._open = open_file
        self._resident = resident
        self._kept: OrderedDict[str, Loaded] = OrderedDict()
        self._manifests: dict[int, Any] = {}

    def read_manifests(self, partitions: Iterable[Partition]) -> None:
        """Of those that are not here and will be taken now: one query."""
        absent = [one.pk for one in partitions if one.digest not in self._kept]
        self._manifests = dict(Partition.objects.filter(pk__in=absent).values_list("pk", "manifest"))

    def take(self, partition: Partition) -> Loaded:
        if partition.digest not in self._kept:
            self._kept[partition.digest] = self._load(partition)
            if len(self._kept) > self._resident:
                self._kept.popitem(last=False)
        self._kept.move_to_end(partition.digest)
        return self._kept[partition.digest]

    def _load(self, partition: Partition) -> Loaded:
        try:
            paths = PartitionPaths(
                adapter=self._open(partition.adapter_digest),
                index=self._open(partition.index_digest),
                passages=self._open(partition.passages_digest),
            )
            manifest = self._manifests.pop(partition.pk, None) or partition.manifest
            return load_partition(core=self._core, encoder=self._encoder, paths=paths, manifest=manifest)
        except (Corrupt, PartitionCorrupt, OSError) as error:
            logger.exception(
                "Partition %s of source %s is unusable", partition.digest[:12], partition.source_id
            )
            raise Unusable from error
