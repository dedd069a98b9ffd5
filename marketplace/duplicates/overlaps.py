"""What was found: which versions vote as one, and what an owner is told about overlaps. Reads only.

An owner is told only of sources that are open to them: nothing about those that are hidden, listed on request
or in the privacy regime, not even that there is one. Nor is anybody told whether a short text is part of a
large source: an estimate that rests on too few marks is not shown.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Q

from marketplace.duplicates.sketches import SAME_FROM
from marketplace.models import Resemblance, Source, SourceState, SourceVersion
from marketplace.visibility import open_to, visible_to

LEAST_SHOWN = 0.2
LEAST_MARKS = 32
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Shared:
    """How much of a version's text is in another source, as its owner reads it."""

    version: SourceVersion
    other: Source
    share: float
    standard_error: float
    is_same: bool  # so much that the two vote, and are paid, as one

    @property
    def percent(self) -> str:
        error = f" ± {100 * self.standard_error:.0f}" if self.standard_error >= 0.005 else ""
        return f"{100 * self.share:.0f}{error}%"


def groups_among(versions: Collection[int]) -> Mapping[int, int]:
    """By version: the smallest id of those it is nearly the same text as, through any chain of these."""
    pairs = Resemblance.objects.filter(one__in=versions, other__in=versions, common__gte=SAME_FROM)
    leader: dict[int, int] = {}
    for one, other in pairs.order_by("one", "other").values_list("one", "other"):
        low, high = sorted((leader.get(one, one), leader.get(other, other)))
        members = {one, other, *(pk for pk, of in leader.items() if of == high)}
        leader |= dict.fromkeys((*members, low), low)
    return leader


def overlaps_of(source: Source) -> list[Shared]:
    """For its owner: sources that are open to them and have much of its newest version's text."""
    version = source.versions.order_by("-number").first()
    if version is None or _is_private(source):
        return []
    found = [
        _seen_from(version, pair) for pair in Resemblance.objects.filter(Q(one=version) | Q(other=version))
    ]
    told = [one for one in found if one.share >= LEAST_SHOWN and one.marks >= LEAST_MARKS]
    sources = _open_to_owner(source, [one.other_version for one in told])
    shown = [
        Shared(version, sources[one.other_version], one.share, one.error, one.common >= SAME_FROM)
        for one in sorted(told, key=lambda one: -one.share)
        if one.other_version in sources
    ]
    return shown[:MOST_SHOWN]


@dataclass(frozen=True, slots=True)
class _Side:
    other_version: int
    share: float
    error: float
    marks: int
    common: float


def _seen_from(version: SourceVersion, pair: Resemblance) -> _Side:
    if pair.one_id == version.pk:
        return _Side(pair.other_id, pair.share_of_one, pair.error_of_one, pair.marks_of_one, pair.common)
    return _Side(pair.one_id, pair.share_of_other, pair.error_of_other, pair.marks_of_other, pair.common)


def _open_to_owner(source: Source, versions: Collection[int]) -> dict[int, Source]:
    """By version, the source it is of, where the owner may read its details; one query."""
    of = dict(SourceVersion.objects.filter(pk__in=versions).values_list("pk", "source"))
    seen = visible_to(source.organisation).filter(open_to(source.organisation), pk__in=of.values())
    found = {
        one.pk: one
        for one in seen.exclude(state=SourceState.WITHDRAWN).select_related("organisation", "policy")
        if not _is_private(one)
    }
    return {version: found[pk] for version, pk in of.items() if pk in found}


def _is_private(source: Source) -> bool:
    return source.policy is not None and source.policy.regime == "privacy"
