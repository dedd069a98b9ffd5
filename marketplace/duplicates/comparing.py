"""Sketches what was uploaded and finds what it resembles: by upkeep, off every request.

Compared are each source's newest version and the one that its voting (or coming) partition is made from.
Candidates come from an index of the smallest marks, so that a comparison costs the same among few sources and
among many. Sources in the privacy regime are not compared, and what was known of them is forgotten.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounting.errors import DomainError
from marketplace.duplicates.sketches import overlap, resemblance, sketch
from marketplace.models import (
    Partition,
    PartitionState,
    PolicyVersion,
    Resemblance,
    SketchMark,
    SourceState,
    SourceVersion,
    VersionSketch,
)
from marketplace.storage import store

logger = logging.getLogger(__name__)
INDEXED_MARKS = 16  # of which two texts with a fifth of common wording share one, 97 times in 100
MOST_CANDIDATES = 50
LEAST_SHARE = 0.1  # below it a pair is not kept
A_TURN = timedelta(seconds=20)
_ALIVE = (PartitionState.QUEUED, PartitionState.TRAINING, PartitionState.ACTIVE)


def compare_due(*, now: datetime, clock: Callable[[], datetime]) -> int:
    """Forget what must not be known, then sketch and compare what waits, for one turn; how many versions."""
    forget()
    ends, done = now + A_TURN, 0
    for version in due().order_by("pk").iterator(100):
        if clock() > ends:
            break
        done += _compare(version, now)
    return done


def due() -> QuerySet[SourceVersion]:
    """Versions that count and were not compared yet."""
    return comparable().filter(Q(sketch__isnull=True) | Q(sketch__compared_at__isnull=True))


def comparable() -> QuerySet[SourceVersion]:
    """Versions that vote, are to vote, or are the newest, of sources that were never asked to be private."""
    newest_policy = PolicyVersion.objects.filter(source=OuterRef("source")).order_by("-number")
    newest = SourceVersion.objects.filter(source=OuterRef("source")).order_by().values("source")
    votes = Partition.objects.filter(version=OuterRef("pk"), state__in=_ALIVE)
    return (
        SourceVersion.objects.annotate(
            newest_regime=Coalesce(Subquery(newest_policy.values("regime")[:1]), Value("")),
            first_open=Subquery(newest_policy.values("first_version")[:1]),
            newest_number=Subquery(newest.annotate(number_=Max("number")).values("number_")),
        )
        .exclude(source__state=SourceState.WITHDRAWN)
        .exclude(newest_regime="privacy")
        .exclude(source__policy__regime="privacy")
        .filter(Q(first_open__isnull=True) | Q(number__gte=F("first_open")))
        .filter(Q(number=F("newest_number")) | Exists(votes))
    )


def forget() -> int:
    """What was made of versions that are not compared any more goes, with all that was found by it."""
    gone = VersionSketch.objects.exclude(pk__in=comparable().values("pk"))
    pks = list(gone.values_list("pk", flat=True)[:1000])
    with transaction.atomic():
        Resemblance.objects.filter(Q(one__in=pks) | Q(other__in=pks)).delete()
        VersionSketch.objects.filter(pk__in=pks).delete()
    return len(pks)


def _compare(version: SourceVersion, now: datetime) -> bool:
    """In two steps: of two that come at the same moment, the later one sees the earlier one's marks."""
    made = VersionSketch.objects.filter(pk=version.pk).first()
    if made is None:
        try:
            marks = sketch(_texts(version))
        except (DomainError, OSError):
            logger.exception("version %s cannot be read for comparing", version.pk)
            return False
        made = _write(version, marks, now)
    _find_pairs(made, version, now)
    return True


def _write(version: SourceVersion, marks: tuple[int, ...], now: datetime) -> VersionSketch:
    with transaction.atomic():
        made, is_new = VersionSketch.objects.get_or_create(
            version=version, defaults={"marks": list(marks), "made_at": now}
        )
        if is_new:
            SketchMark.objects.bulk_create(
                SketchMark(sketch=made, mark=mark) for mark in marks[:INDEXED_MARKS]
            )
    return made


def _find_pairs(made: VersionSketch, version: SourceVersion, now: datetime) -> None:
    pairs = [_pair(made, other, now) for other in _candidates(made, version)]
    kept = [one for one in pairs if max(one.share_of_one, one.share_of_other) >= LEAST_SHARE]
    with transaction.atomic():
        Resemblance.objects.bulk_create(kept, ignore_conflicts=True)
        VersionSketch.objects.filter(pk=made.pk).update(compared_at=now)


def _candidates(made: VersionSketch, version: SourceVersion) -> QuerySet[VersionSketch]:
    """Sketches of other sources that share one of the smallest marks, those that share most of them first."""
    sharing = (
        SketchMark.objects.filter(mark__in=made.marks[:INDEXED_MARKS])
        .exclude(sketch__version__source=version.source_id)
        .order_by()
        .values_list("sketch")
        .annotate(shared=Count("pk"))
        .order_by("-shared", "sketch")[:MOST_CANDIDATES]
    )
    return VersionSketch.objects.filter(pk__in=[pk for pk, _ in sharing])


def _pair(first: VersionSketch, second: VersionSketch, now: datetime) -> Resemblance:
    one, other = (first, second) if first.pk < second.pk else (second, first)
    of_one, of_other = overlap(one.marks, other.marks), overlap(other.marks, one.marks)
    return Resemblance(
        one_id=one.pk, other_id=other.pk, common=resemblance(one.marks, other.marks),
        share_of_one=of_one.share, error_of_one=of_one.standard_error, marks_of_one=of_one.marks,
        share_of_other=of_other.share, error_of_other=of_other.standard_error, marks_of_other=of_other.marks,
        found_at=now,
    )  # fmt: skip


def _texts(version: SourceVersion) -> Iterator[str]:
    objects = store()
    for digest in version.documents.order_by("name").values_list("digest", flat=True):
        yield objects.open(digest).read_text(encoding="utf-8-sig")
