"""An owner's sources as rows of a list: state, partition, budget used, answers, earned."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.models import Organisation, Partition, Source
from marketplace.portal.figures import budgets, earnings, training
from marketplace.portal.figures.budgets import BudgetFigures


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source of a list."""

    slug: str
    title: str
    state: str
    regime: str
    partition_state: str
    votes: bool
    budget: BudgetFigures
    answers: int
    earned_micro_usd: int


def sources_of(organisation: Organisation) -> list[Source]:
    """All of them, newest first: an owner has tens, not thousands; pages are cut from this list."""
    return list(
        Source.objects.filter(organisation=organisation)
        .select_related("policy", "organisation")
        .order_by("-created_at", "-id")
    )


def rows_of(sources: Sequence[Source]) -> list[SourceRow]:
    """Rows for these sources, in their order, in three more queries."""
    limits = budgets.lifetime(sources)
    earned = earnings.by_source(sources)
    partitions = training.partitions_of(sources)
    return [_row(source, limits[source.pk], earned[source.pk], partitions) for source in sources]


def _row(
    source: Source, budget: BudgetFigures, earned: earnings.Earned, partitions: dict[int, Partition]
) -> SourceRow:
    partition = partitions.get(source.pk)
    return SourceRow(
        slug=source.slug,
        title=source.title,
        state=source.state,
        regime=source.policy.regime if source.policy else "",
        partition_state=partition.state if partition else "none yet",
        votes=bool(partition and training.figures_of(partition).votes),
        budget=budget,
        answers=earned.answers,
        earned_micro_usd=earned.earned_micro_usd,
    )
