"""Errors that no view of the API has seen: under /v1 still a problem, elsewhere Django's own page."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from marketplace.api.problems import MEDIA_TYPE, UNEXPECTED

NO_SUCH_ADDRESS = {
    "type": "/v1/docs#not_found",
    "code": "not_found",
    "title": "Not found",
    "status": 404,
    "detail": "There is no such address.",
    "next_step": "Look it up in /v1/docs.",
}


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/v1/"):
        return JsonResponse(NO_SUCH_ADDRESS, status=404, content_type=MEDIA_TYPE)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/v1/"):
        return JsonResponse(UNEXPECTED, status=500, content_type=MEDIA_TYPE)
    return defaults.server_error(request)
