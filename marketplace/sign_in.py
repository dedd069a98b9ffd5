"""Signing in by name and password, so many times: the one backend behind the portal's and the console's door.

Ten wrong passwords for a name, or a hundred from one address, close the door to it for a quarter of an hour;
the right password opens it no more in that time, so that guessing on is worth nothing.
"""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from marketplace import attempts
from marketplace.models import User


class LimitedBackend(ModelBackend):
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> User | None:
        name, address = username or "", attempts.address_of(request)
        if not is_open(name, address):
            raise PermissionDenied
        found = super().authenticate(request, username=username, password=password, **more)
        if found is None:
            attempts.count("sign-in-name", name)
            attempts.count("sign-in-address", address)
            return None
        attempts.forget("sign-in-name", name)
        return found if isinstance(found, User) else None


def is_open(name: str, address: str) -> bool:
    return attempts.is_open("sign-in-name", name) and attempts.is_open("sign-in-address", address)
