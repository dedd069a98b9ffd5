"""`Authorization: Bearer <key>`: the key decides the organisation, its issuer is the acting user."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from marketplace import access, suspending
from marketplace.models import ApiKey, User


class ApiKeyAuthentication(BaseAuthentication):
    """request.user = who issued the key, request.auth = the key. Without the header others may try."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _, plain = header.partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = access.authenticate(plain.strip(), now=timezone.now())
        if key is None:
            raise AuthenticationFailed("The API key is not known, has expired, or was revoked.")
        stop = suspending.of_key(key)
        if stop is not None:
            raise stop.refusal
        return key.created_by, key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 (the framework's signature)
        return 'Bearer realm="api"'
