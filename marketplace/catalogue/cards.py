"""What a card says of a source: to everybody its title, licence, topics and owner, the rest where it is open.

One form for the page, the comparison and the API. Never raw text; of a source in the privacy regime nothing
that was measured on its text, because what its private answers may reveal is bounded and this would not be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max

from marketplace.agreed_terms import needs_approval
from marketplace.catalogue.topics import TOPICS, Topic
from marketplace.models import Partition, PartitionState, Source, SourceVersion
from marketplace.parsed_policies import parsed
from marketplace.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class Quality:
    """Bits per byte of held-out text that training never saw, foreseen without and with the source."""

    core_slug: str
    bits_without: float | None
    bits_with: float | None
    passages: int | None

    @property
    def gain_percent(self) -> float | None:
        if not self.bits_without or self.bits_with is None:
            return None
        return 100 * (1 - self.bits_with / self.bits_without)

    @property
    def scale(self) -> float:
        """The longer of two bars."""
        return max(self.bits_without or 0, self.bits_with or 0) * 1.0001


@dataclass(frozen=True, slots=True)
class Card:
    """`details` is None where the source is by agreement only."""

    source: Source
    topics: tuple[Topic, ...]
    details: "Details | None"


@dataclass(frozen=True, slots=True)
class Details:
    """What is open: the policy in force, when the text changed, how good the source is."""

    policy: Policy | None
    needs_approval: bool
    versions: int
    updated_at: datetime
    quality: Quality | None

    @property
    def is_private_only(self) -> bool:
        return self.policy is not None and self.policy.limits.regime == "privacy"


def cards_of(sources: Sequence[Source]) -> list[Card]:
    """Cards for rows of `visible_to`, in their order, in two more queries."""
    opened = [source.pk for source in sources if getattr(source, "opened", False)]
    active = {one.source_id: one for one in _partitions(opened)}
    counted = SourceVersion.objects.filter(source__in=opened).order_by().values_list("source")
    versions = {pk: rest for pk, *rest in counted.annotate(count=Count("pk"), newest=Max("created_at"))}
    return [
        Card(
            source,
            tuple(TOPICS[slug] for slug in source.topics if slug in TOPICS),
            _details(source, active.get(source.pk), *versions.get(source.pk, (0, source.created_at)))
            if source.pk in opened
            else None,
        )
        for source in sources
    ]


def _partitions(pks: Sequence[int]) -> Sequence[Partition]:
    return list(Partition.objects.filter(source__in=pks, state=PartitionState.ACTIVE))


def _details(source: Source, partition: Partition | None, versions: int, updated_at: datetime) -> Details:
    policy = None if source.policy is None else parsed(source.policy)
    is_private = policy is not None and policy.limits.regime == "privacy"
    return Details(
        policy=policy,
        needs_approval=source.policy is not None and needs_approval(source, source.policy),
        versions=versions,
        updated_at=updated_at,
        quality=None if partition is None or is_private else _quality(partition),
    )


def _quality(partition: Partition) -> Quality:
    metrics = partition.metrics
    return Quality(
        core_slug=partition.core_slug,
        bits_without=metrics.get("held_out_bits_core"),
        bits_with=metrics.get("held_out_bits_adapter"),
        passages=metrics.get("passages"),
    )
