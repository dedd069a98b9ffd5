"""Lists as `{results, next, previous}`, by cursor: a page stays right while rows are added."""

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from accounting.errors import Invalid


class PageByCursor(CursorPagination):
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = "-pk"

    def decode_cursor(self, request: Request) -> Any:
        """A cursor that nobody gave out is a mistake in the request, not an address that is not there."""
        try:
            return super().decode_cursor(request)
        except NotFound as error:
            raise Invalid(
                "`cursor` is not one of this list's.",
                code="bad_cursor",
                next_step="Follow `next` and `previous`, or leave `cursor` out.",
                param="cursor",
            ) from error


def page(
    *,
    request: Request,
    view: APIView,
    rows: QuerySet[Any],
    serializer: type[BaseSerializer[Any]],
    ordering: str = "-pk",
    **extra: object,
) -> Response:
    """One page of `rows`; `ordering` must name a unique column."""
    paginator = PageByCursor()
    paginator.ordering = ordering
    found: list[Model] = list(paginator.paginate_queryset(rows, request, view=view) or [])
    data = serializer(found, many=True, context={"request": request}).data
    return Response(
        {
            "results": data,
            "next": paginator.get_next_link(),
            "previous": paginator.get_previous_link(),
            **extra,
        }
    )
