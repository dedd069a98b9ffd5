"""Lists as CSV for `?format=csv` or `Accept: text/csv`: whole, one line a row, integers as they are."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from accounting.errors import TooLarge

MOST_ROWS = 100_000


class CsvRenderer(BaseRenderer):
    """Renders text that is CSV already; errors stay problem+json."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> Any:  # noqa: ARG002
        if isinstance(data, str):
            return data.encode()
        from rest_framework.renderers import JSONRenderer

        return JSONRenderer().render(data)


def wants_csv(request: Request) -> bool:
    return getattr(request.accepted_renderer, "format", "") == "csv"


def refuse_too_many(rows: QuerySet[Any]) -> None:
    if rows.count() > MOST_ROWS:
        raise TooLarge(
            f"One file holds at most {MOST_ROWS:,} rows.", next_step="Narrow it with `from` and `to`."
        )


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
