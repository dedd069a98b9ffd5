"""/v1/catalogue: find sources by words and facets. Without a key what everybody may see."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.errors import Invalid
from marketplace.api.openly import OpenView
from marketplace.api.schema import problems
from marketplace.api.terms import TermsOut, terms_of
from marketplace.catalogue.cards import Card, cards_of
from marketplace.catalogue.search import A_PAGE, MOST_A_PAGE, Found, search
from marketplace.catalogue.wanted import FACETS, KNOWN, SORTS, Wanted


class QualityOut(serializers.Serializer[Any]):
    core = serializers.CharField(source="core_slug")
    bits_per_byte_without = serializers.FloatField(source="bits_without", allow_null=True)
    bits_per_byte_with = serializers.FloatField(source="bits_with", allow_null=True)
    passages = serializers.IntegerField(allow_null=True)


class CardOut(serializers.Serializer[Any]):
    """What is by agreement only is null."""

    slug = serializers.CharField(source="source.slug")
    title = serializers.CharField(source="source.title")
    license = serializers.CharField(source="source.license")
    organisation = serializers.CharField(source="source.organisation.slug")
    organisation_name = serializers.CharField(source="source.organisation.name")
    visibility = serializers.CharField(source="source.visibility")
    state = serializers.CharField(source="source.state")
    topics = serializers.SerializerMethodField()
    listed_at = serializers.DateTimeField(source="source.created_at")
    description = serializers.SerializerMethodField()
    terms = serializers.SerializerMethodField()
    needs_approval = serializers.SerializerMethodField(help_text="whether its owner approves every use")
    versions = serializers.SerializerMethodField()
    updated_at = serializers.SerializerMethodField(help_text="when its text last changed")
    quality = serializers.SerializerMethodField(help_text="null also in the privacy regime")

    def get_topics(self, card: Card) -> list[str]:
        return [topic.slug for topic in card.topics]

    def get_description(self, card: Card) -> str | None:
        return card.source.description if card.details else None

    @extend_schema_field(TermsOut(allow_null=True))
    def get_terms(self, card: Card) -> dict[str, Any] | None:
        return terms_of(card.source.policy) if card.details and card.source.policy else None

    def get_needs_approval(self, card: Card) -> bool | None:
        return card.details.needs_approval if card.details else None

    def get_versions(self, card: Card) -> int | None:
        return card.details.versions if card.details else None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_updated_at(self, card: Card) -> str | None:
        return (
            serializers.DateTimeField().to_representation(card.details.updated_at) if card.details else None
        )

    @extend_schema_field(QualityOut(allow_null=True))
    def get_quality(self, card: Card) -> dict[str, Any] | None:
        quality = card.details.quality if card.details else None
        return QualityOut(quality).data if quality else None


class ChoiceOut(serializers.Serializer[Any]):
    value = serializers.CharField()
    title = serializers.CharField()
    count = serializers.IntegerField(help_text="sources with it, all other filters applied")
    chosen = serializers.BooleanField()


class FacetOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    choices = ChoiceOut(many=True)


class LooseningOut(serializers.Serializer[Any]):
    facet = serializers.CharField()
    title = serializers.CharField()
    count = serializers.IntegerField(help_text="sources that are found without this filter")


class FoundOut(serializers.Serializer[Any]):
    results = CardOut(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    count = serializers.IntegerField()
    facets = FacetOut(many=True)
    loosen = LooseningOut(many=True, help_text="where nothing is found: filters to leave out")


def _parameter(facet: str) -> OpenApiParameter:
    return OpenApiParameter(
        facet,
        str,
        many=True,
        description=f"{FACETS[facet]}; repeatable",
        enum=list(KNOWN.get(facet, ())) or None,
    )


PARAMETERS = [
    OpenApiParameter("q", str, description="words; each has to begin a word of the card or the description"),
    *(_parameter(facet) for facet in FACETS),
    OpenApiParameter("sort", str, enum=list(SORTS)),
    OpenApiParameter("cursor", str),
    OpenApiParameter("page_size", int, description=f"at most {MOST_A_PAGE}"),
]


class Catalogue(OpenView):
    @extend_schema(
        summary="Search the catalogue",
        description="Without a key: what everybody may see. With one: what its organisation may see.",
        parameters=PARAMETERS,
        responses={200: FoundOut, **problems(422)},
    )
    def get(self, request: Request) -> Response:
        found = search(
            organisation=self.organisation_of(request),
            wanted=Wanted.read(request.query_params),
            now=timezone.now(),
            cursor=request.query_params.get("cursor", ""),
            size=_size(request),
        )
        return Response(FoundOut(_shown(request, found)).data)


def _shown(request: Request, found: Found) -> dict[str, Any]:
    return {
        "results": cards_of(found.sources),
        "next": _page(request, found.next),
        "previous": _page(request, found.previous),
        "count": found.count,
        "facets": found.facets,
        "loosen": found.loosen,
    }


def _page(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _size(request: Request) -> int:
    written = request.query_params.get("page_size", str(A_PAGE))
    if not (written.isascii() and written.isdecimal() and 1 <= int(written[:4]) <= MOST_A_PAGE):
        raise Invalid(
            f"A page has 1 to {MOST_A_PAGE} sources.", code="invalid_filter",
            next_step="Correct `page_size`.", param="page_size",
        )  # fmt: skip
    return int(written[:4])
