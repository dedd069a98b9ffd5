"""What an index knows of one source, and how it is read from the database: in batches, of few columns."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import FilteredRelation, Q

from marketplace.models import PartitionState, Source

BATCH = 5_000
_COLUMNS = (
    "pk", "organisation_id", "state", "visibility", "policy__plain", "policy__first_version",
    "active__pk", "active__core_digest", "active__version__number", "active__metrics__votes",
    "active__manifest__adapter_parameters",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """`plain` is the policy in force, if any; `partition_id` the active one, whether it votes or not."""

    source_id: int
    owner_id: int
    state: str
    visibility: str
    plain: Mapping[str, Any] | None
    first_version: int | None
    partition_id: int | None
    core_digest: str | None
    version: int | None
    votes: bool | None
    parameters: int | None

    @property
    def is_ready(self) -> bool:
        """Whether the partition may vote under this policy."""
        if self.version is None or self.first_version is None:
            return False
        return self.version >= self.first_version


def rows_of(source_ids: Collection[int]) -> Iterator[Row]:
    """Those of these sources that there are."""
    ids = sorted(source_ids)
    for at in range(0, len(ids), BATCH):
        yield from _read(Q(pk__in=ids[at : at + BATCH]))


def every_row() -> Iterator[Row]:
    """All sources, by id."""
    batch = list(_read(Q()))
    while batch:
        yield from batch
        batch = list(_read(Q(pk__gt=batch[-1].source_id))) if len(batch) == BATCH else []


def _read(which: Q) -> Iterator[Row]:
    active = FilteredRelation("partitions", condition=Q(partitions__state=PartitionState.ACTIVE))
    found = Source.objects.alias(active=active).filter(which).order_by("pk").values_list(*_COLUMNS)[:BATCH]
    return (Row(*values) for values in found)
