"""Lists as CSV for `?format=csv` or `Accept: text/csv`: whole, one line a row, integers as they are."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from accounting import keyset
from marketplace import tables
from marketplace.streaming import streamed


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


def streamed_table(
    request: Request, *, columns: Sequence[str], rows: QuerySet[Any], moment: str, fields: Sequence[str]
) -> StreamingHttpResponse:
    """All rows up to now, oldest first, however many: `fields` are the rows' names of `columns`."""
    bounded = rows.filter(**{f"{moment}__lte": timezone.now()})
    found = keyset.walk(bounded, moment=moment, columns=fields)
    mapped = (dict(zip(columns, row[2:], strict=True)) for row in found)
    return streamed(request._request, tables.lines(columns, mapped), content_type="text/csv; charset=utf-8")
