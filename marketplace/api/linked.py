"""/catalog, and a source's DCAT and Croissant documents: JSON-LD for other catalogues, open without a key."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.odrl import LINKED_DATA, LinkedDataRenderer, base_of
from marketplace.api.openly import OpenView
from marketplace.api.schema import problems
from marketplace.catalogue import dcat
from marketplace.catalogue.cards import Card, cards_of
from marketplace.catalogue.croissant import croissant
from marketplace.catalogue.search import listed
from marketplace.catalogue.site import Site
from marketplace.visibility import visible_source

A_PAGE = 100


class LinkedView(OpenView):
    renderer_classes = [LinkedDataRenderer, JSONRenderer]

    def card_of(self, request: Request, slug: str) -> Card:
        (card,) = cards_of([visible_source(organisation=self.organisation_of(request), slug=slug)])
        return card


class Catalog(LinkedView):
    @extend_schema(
        summary="The catalogue as DCAT 3",
        description="JSON-LD, paged by `hydra:next`; every dataset names its policy by `odrl:hasPolicy`.",
        parameters=[OpenApiParameter("cursor", str)],
        responses={
            (200, LINKED_DATA): OpenApiTypes.OBJECT,
            (200, "application/json"): OpenApiTypes.OBJECT,
            **problems(422),
        },
    )
    def get(self, request: Request) -> Response:
        page = listed(
            organisation=self.organisation_of(request),
            cursor=request.query_params.get("cursor", ""),
            size=A_PAGE,
        )
        site = _site(request)
        document = dcat.catalog(
            cards_of(page.sources),
            site,
            count=page.count,
            this=request.build_absolute_uri(),
            next_page=_following(site, page.next),
            previous=_following(site, page.previous),
        )
        return Response(document)


class SourceDcat(LinkedView):
    @extend_schema(
        summary="A source as a DCAT 3 dataset",
        responses={
            (200, LINKED_DATA): OpenApiTypes.OBJECT,
            (200, "application/json"): OpenApiTypes.OBJECT,
            **problems(404),
        },
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(dcat.dataset(self.card_of(request, slug), _site(request)))


class SourceCroissant(LinkedView):
    @extend_schema(
        summary="A source as Croissant 1.1",
        description="`usageInfo` is its policy. There is no distribution: the text is never handed out.",
        responses={
            (200, LINKED_DATA): OpenApiTypes.OBJECT,
            (200, "application/json"): OpenApiTypes.OBJECT,
            **problems(404),
        },
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(croissant(self.card_of(request, slug), _site(request)))


def _site(request: Request) -> Site:
    return Site(base_of(request))


def _following(site: Site, cursor: str | None) -> Any:
    return None if cursor is None else f"{site.catalog}?cursor={cursor}"
