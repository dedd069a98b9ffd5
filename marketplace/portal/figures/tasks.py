"""What needs an owner's hand next: one card a thing, most urgent first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.urls import reverse

from marketplace.models import SourceState
from marketplace.portal.figures.sources import SourceRow

MOST = 5


@dataclass(frozen=True, slots=True)
class Task:
    title: str
    why: str
    action: str
    href: str


def tasks_of(rows: Sequence[SourceRow]) -> list[Task]:
    """The most urgent one of each source, at most five: the page stays a page."""
    first = [next(_tasks(row), None) for row in rows]
    return [task for task in first if task is not None][:MOST]


def _tasks(row: SourceRow) -> Iterator[Task]:
    if row.state == SourceState.WITHDRAWN:
        return
    overview = reverse("portal:source", args=[row.slug])
    policy = reverse("portal:policy", args=[row.slug])
    if row.state == SourceState.SUSPENDED:
        yield Task(
            f"{row.title} is suspended", "It earns nothing until it is resumed.", "Look at it", overview
        )
    if not row.regime and row.state != SourceState.IN_REVIEW:
        yield Task(
            f"{row.title} has no policy", "Without one nobody is answered from it.", "Set a policy", policy
        )
    if row.partition_state == "failed":
        yield Task(f"Training of {row.title} failed", "See why, and train again.", "Look at it", overview)
    elif row.partition_state == "none yet":
        yield Task(
            f"{row.title} has no partition", "It votes once its partition is trained.", "Train it", overview
        )
    elif row.partition_state == "active" and not row.votes:
        yield Task(
            f"{row.title} does not vote",
            "On its own held-out text it is no better than the core. More text of one kind usually helps.",
            "Add documents",
            reverse("portal:documents", args=[row.slug]),
        )
    if row.budget.paused:
        yield Task(
            f"The budget of {row.title} is paused", "It votes again once it is resumed.", "Look at it",
            reverse("portal:budgets", args=[row.slug]),
        )  # fmt: skip
    if row.budget.nearly_gone:
        yield Task(
            f"{row.title} has little influence left",
            "At the limit it is left out of answers.",
            "Raise it",
            policy,
        )
