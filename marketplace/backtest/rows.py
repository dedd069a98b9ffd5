"""A back-test as rows and as JSON, for the API, the portal and their CSV files. It computes nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any, Literal

from marketplace.backtest.run import Backtest
from marketplace.backtest.sums import Sums

MOST_CONSUMERS_SHOWN = 200
COLUMNS = tuple(field.name for field in fields(Sums))
By = Literal["consumer", "day"]
Row = dict[str, Any]


def rows(result: Backtest, by: By) -> Iterator[Row]:
    sums: Mapping[Any, Sums] = result.by_consumer if by == "consumer" else result.by_day
    return ({by: key, **asdict(one)} for key, one in sums.items())


def as_json(result: Backtest) -> Row:
    consumers = list(rows(result, "consumer"))
    return {
        "days": result.days,
        "from": result.since,
        "to": result.until,
        "total": asdict(result.total),
        "refused_by_rule": _counts(result.refused_by_rule),
        "considered_by_rule": _counts(result.considered_by_rule),
        "by_consumer": consumers[:MOST_CONSUMERS_SHOWN],
        "more_consumers": max(0, len(consumers) - MOST_CONSUMERS_SHOWN),
        "by_day": list(rows(result, "day")),
        "notes": list(result.notes),
    }


def _counts(counts: Mapping[str, int]) -> list[Row]:
    return [{"rule": rule, "count": count} for rule, count in counts.items()]
