"""What needs no key: the signing keys, and the schema's page to try it, which works offline."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularSwaggerSplitView

from accounting import receipts


def jwks(_request: HttpRequest) -> JsonResponse:
    """The public keys that receipts are verified with."""
    response = JsonResponse(receipts.jwks())
    response["Cache-Control"] = "public, max-age=300"
    return response


@method_decorator(csp_update({"style-src": [SELF, UNSAFE_INLINE]}), name="dispatch")
class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from our own static files; its script is a request of its own, so none stands inline."""
