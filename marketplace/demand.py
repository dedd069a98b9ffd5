"""What was asked and what was refused, counted by day: what no receipt can tell, because nothing was paid.

Counted after the answer was told, in one transaction of few rows, never waiting for the disk: a count may
miss the last moment before a crash, money never does. Must not know questions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction

from accounting import audit
from accounting.writes import early_release, retried
from marketplace.models import Organisation, RefusalCount, RequestCount, Source
from marketplace.policy.request import Mode

KEPT = timedelta(days=100)  # a back-test looks at most 90 days back
MOST_BY_NAME = 32  # of the sources that one answer chose and did not get
_ASKED = ("day", "consumer_id", "purpose", "mode", "output")
Row = tuple[date | int | str | None, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer: who asked for what, and who did not take part by which rule."""

    consumer: Organisation
    purpose: str
    mode: Mode
    output: str
    to_everybody: bool  # it chose no sources by name
    refused: Mapping[str, str]  # by the slug of a source that it chose: the rule
    others: Mapping[str, int]  # by rule: how many sources that it did not choose


def count(asked: Asked, *, now: datetime) -> None:
    """Add one answer to the counts of its day."""
    who: Row = (now.astimezone(UTC).date(), asked.consumer.pk, asked.purpose, asked.mode, asked.output)
    by_name = _by_name(asked.refused)
    others = [(*who, None, rule, times) for rule, times in sorted(asked.others.items()) if times > 0]
    _write(
        requests=[(*who, 1)] if asked.to_everybody else [],
        by_name=[(*who, source_id, rule, 1) for source_id, rule in by_name],
        others=others,
    )


def forget_old(*, now: datetime) -> int:
    """Counts are kept for a stated time only; says how many rows went."""
    before = (now - KEPT).astimezone(UTC).date()
    with transaction.atomic(durable=True):
        gone = sum(model.objects.filter(day__lt=before).delete()[0] for model in (RequestCount, RefusalCount))
        if gone:
            audit.record(
                acting_user="upkeep", action="demand_counts.deleted", subject="demand counts",
                before={"expired": gone}, after={"expired": 0}, now=now,
            )  # fmt: skip
    return gone


def _by_name(refused: Mapping[str, str]) -> list[tuple[int, str]]:
    """Source ids and rules, in ascending id: the order in which every writer locks."""
    wanted = sorted(refused)[:MOST_BY_NAME]
    if not wanted:
        return []
    found = Source.objects.filter(slug__in=wanted).values_list("pk", "slug")
    return sorted((pk, refused[slug]) for pk, slug in found)


@retried
def _write(*, requests: Sequence[Row], by_name: Sequence[Row], others: Sequence[Row]) -> None:
    refusal = (*_ASKED, "source_id", "rule")
    with early_release():
        _add(RequestCount._meta.db_table, requests, _ASKED, _ASKED)
        _add(RefusalCount._meta.db_table, by_name, refusal, refusal, "WHERE source_id IS NOT NULL")
        _add(RefusalCount._meta.db_table, others, refusal, (*_ASKED, "rule"), "WHERE source_id IS NULL")


def _add(
    table: str, rows: Sequence[Row], columns: Sequence[str], once: Iterable[str], where: str = ""
) -> None:
    """Rows that are there count on; both databases know this statement, Django's bulk_create cannot add."""
    if not rows:
        return
    names, values = ", ".join((*columns, "count")), ", ".join(["%s"] * (len(columns) + 1))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) VALUES {', '.join([f'({values})'] * len(rows))}"
            f" ON CONFLICT ({', '.join(once)}) {where}"
            f" DO UPDATE SET count = {table}.count + excluded.count",
            [value for row in rows for value in row],
        )
