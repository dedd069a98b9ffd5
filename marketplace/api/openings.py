"""What needs no key: the signing keys, and the schema's page to try it, which works offline."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.http import condition
from drf_spectacular.views import SpectacularSwaggerSplitView

from accounting import signing


def _key_ids(_request: HttpRequest) -> str:
    """Key ids follow from the keys: the same ids are the same document."""
    return '"{}"'.format(".".join(key["kid"] for key in signing.jwks()["keys"]))


@condition(etag_func=_key_ids)
def jwks(_request: HttpRequest) -> JsonResponse:
    """The public keys that receipts are verified with, retired ones included; any page may read them."""
    response = JsonResponse(signing.jwks())
    response["Cache-Control"] = "public, max-age=300, stale-if-error=86400"
    response["Access-Control-Allow-Origin"] = "*"
    return response


@method_decorator(csp_update({"style-src": [SELF, UNSAFE_INLINE]}), name="dispatch")
class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from our own static files; its script is a request of its own, so none stands inline."""
