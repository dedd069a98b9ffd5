"""/v1/sources/{slug}/documents: the texts of a source. An upload makes the next version."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace import registration
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.pagination import page
from marketplace.api.repeats import repeatable
from marketplace.api.rows import DocumentOut, VersionOut
from marketplace.api.schema import paged, problems
from marketplace.models import Document
from marketplace.texts import Upload
from marketplace.visibility import own_source

ENVELOPE_BYTES = 1024 * 1024  # what a multipart body may weigh beside its files


class FilesIn(serializers.Serializer[Any]):
    files = serializers.ListField(child=serializers.FileField(), help_text=".txt and .md, UTF-8; repeatable")


class Documents(MarketView):
    parser_classes = [MultiPartParser]

    def most_bytes(self) -> int:
        return settings.UPLOAD_LIMIT_BYTES + ENVELOPE_BYTES

    @extend_schema(
        summary="The documents of the newest version",
        parameters=MarketView.page_parameters,
        responses={200: paged(DocumentOut, "Document"), **problems(404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        newest = registration.newest_version(source)
        rows = newest.documents.all() if newest else Document.objects.none()
        number = newest.number if newest else None
        return page(
            request=request, view=self, rows=rows, serializer=DocumentOut, ordering="name", version=number
        )

    @extend_schema(
        summary="Upload documents",
        request={"multipart/form-data": FilesIn},
        responses={201: VersionOut, **problems(403, 404, 409, 413, 422)},
    )
    @repeatable
    def post(self, request: Request, slug: str) -> Response:
        caller = caller_of(request)
        source = own_source(organisation=caller.organisation, slug=slug)
        uploads = [Upload(str(file.name), file.read()) for file in request.FILES.getlist("files")]
        version = registration.add_documents(
            source=source, uploads=uploads, acting_user=caller.user, now=timezone.now()
        )
        return Response(VersionOut(version).data, status=201)
