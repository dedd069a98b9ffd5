"""A simple rate limit a key (or person, or address): API_REQUESTS_PER_MINUTE, counted in the cache."""

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from marketplace.models import ApiKey

if TYPE_CHECKING:  # the framework's views import this module
    from rest_framework.views import APIView


class RequestsPerMinute(SimpleRateThrottle):
    scope = "requests"

    def get_rate(self) -> str:
        return f"{settings.API_REQUESTS_PER_MINUTE}/minute"

    def get_cache_key(self, request: Request, view: "APIView") -> str:  # noqa: ARG002 (the framework's)
        if isinstance(request.auth, ApiKey):
            who = f"key-{request.auth.pk}"
        elif request.user.is_authenticated:
            who = f"user-{request.user.pk}"
        else:
            who = f"address-{self.get_ident(request)}"
        return f"requests:{who}"
