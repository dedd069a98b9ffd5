"""The partitions an engine has in memory, each in three parts that are loaded when they are first needed.

Routing needs a source's index; its words and its adapter, which is the bulk, only a source that has a seat.
Loaded by digest from the content-addressed store, used by any number of threads, kept within a limit of bytes
(`inference.kept`). A part that is missing, cut, or made for another core or encoder is unusable as a whole,
never half used; the log says why.
"""

import logging
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from inference.kept import Kept, Thing
from inference.net.core import Core
from inference.net.encoder import Encoder
from inference.net.grams import Grams
from inference.net.guard import grams_lead
from inference.net.lora import Adapter
from inference.net.partition_files import (
    Knowledge,
    Passages,
    load_adapter,
    load_knowledge,
    load_passages,
)
from inference.net.token_words import spelling_of
from marketplace.models import Partition

logger = logging.getLogger(__name__)
OpenFile = Callable[[str], Path]
MOST_BYTES = 2**30
AT_ONCE = 8  # indexes read at the same time for one question


class Unusable(Exception):
    """The partition's files cannot be used; the log says why."""


class Files(Protocol):
    """What names the files of a partition: a row of the database, or what an admission keeps of it."""

    @property
    def pk(self) -> int: ...
    @property
    def source_id(self) -> int: ...
    @property
    def core_digest(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def adapter_digest(self) -> str: ...
    @property
    def index_digest(self) -> str: ...
    @property
    def passages_digest(self) -> str: ...


class Shelf:
    """For all threads of an engine."""

    def __init__(
        self, *, core: Core, encoder: Encoder, open_file: OpenFile, most_bytes: int = MOST_BYTES
    ) -> None:
        self._core = core
        self._encoder = encoder
        self._open = open_file
        self._kept = Kept(most_bytes=most_bytes)
        self._readers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="shelf")

    @property
    def nbytes(self) -> int:
        """Memory of all that is kept."""
        return self._kept.nbytes

    def knowledge(self, partitions: Iterable[Files]) -> dict[int, Knowledge]:
        """By partition id, their indexes; one that is unusable is not among them. At most one query."""
        here: list[Files] = []
        absent: list[Files] = []
        for one in partitions:
            (here if _key(one) in self._kept else absent).append(one)
        manifests = _manifests(absent)
        found = [(one, self._knowledge(one, None)) for one in here]
        read = self._readers.map(lambda one: self._knowledge(one, manifests[one.pk]), absent)
        found += zip(absent, read, strict=True)
        return {one.pk: knowledge for one, knowledge in found if knowledge is not None}

    def passages(self, partition: Files, *, count: int) -> Passages:
        """Its words; `count` is how many passages its index has."""
        digest = partition.passages_digest

        def load() -> Passages:
            return load_passages(self._open(digest), digest=digest, count=count)

        return self._part(partition, ("passages", digest), load)

    def grams(self, partition: Files, *, count: int) -> Grams:
        """Its words in order, to be silent before twelve of them; made from its passages when needed."""

        def make() -> Grams:
            passages = self.passages(partition, count=count)
            return Grams.of(passages, lead=grams_lead(spelling_of(self._core)))

        return self._part(partition, ("grams", partition.passages_digest), make)

    def adapter(self, partition: Files) -> Adapter:
        """Its low-rank weights."""
        digest, core_digest = partition.adapter_digest, partition.core_digest

        def load() -> Adapter:
            return load_adapter(self._open(digest), digest=digest, core=self._core, core_digest=core_digest)

        return self._part(partition, ("adapter", digest), load)

    def _knowledge(self, partition: Files, manifest: Any) -> Knowledge | None:
        digest = partition.index_digest

        def load() -> Knowledge:
            return load_knowledge(
                self._open(digest),
                digest=digest,
                manifest=manifest or _manifests([partition])[partition.pk],  # it was here a moment ago
                core=self._core,
                encoder=self._encoder,
            )

        try:
            return self._part(partition, _key(partition), load)
        except Unusable:
            return None

    def _part(self, partition: Files, key: Hashable, load: Callable[[], Thing]) -> Thing:
        """Whatever keeps a part from being read, a damaged file or a store that is away, it is not used."""
        try:
            return self._kept.get(key, load)
        except Exception as error:
            logger.exception(
                "Partition %s of source %s is unusable", partition.digest[:12], partition.source_id
            )
            raise Unusable from error


def _key(partition: Files) -> Hashable:
    """The threshold is the partition's own: equal indexes of two partitions are not the same."""
    return ("knowledge", partition.pk)


def _manifests(partitions: Sequence[Files]) -> dict[int, Any]:
    if not partitions:
        return {}
    return dict(Partition.objects.filter(pk__in=[one.pk for one in partitions]).values_list("pk", "manifest"))
