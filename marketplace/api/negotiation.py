"""Which form an answer has: by `Accept`, or by `?format=`, which must name one that there is."""

from collections.abc import Iterable

from django.http import Http404
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer

from accounting.errors import Invalid


class Negotiation(DefaultContentNegotiation):
    def filter_renderers(self, renderers: Iterable[BaseRenderer], format: str) -> list[BaseRenderer]:  # noqa: A002
        """The framework says that there is no such address; but only the form is wrong."""
        there = list(renderers)
        try:
            return list(super().filter_renderers(there, format))
        except Http404 as error:
            raise Invalid(
                "`format` is not one that is given here.",
                code="unknown_format",
                next_step=f"Use one of: {', '.join(str(one.format) for one in there)}; or leave it out.",
                param="format",
            ) from error
