"""Rate limits: so many requests a minute, counted in the cache, and what a reply says about them.

A caller's minute begins with its first request. Counting is one atomic increment, so callers at the same
moment cannot slip through, and the headers say what will really be taken. Limits of money and influence are
not rates and stand elsewhere.
"""

import math
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from marketplace.models import ApiKey

if TYPE_CHECKING:  # the framework's views import this module
    from rest_framework.views import APIView

SECONDS = 60


class PerMinute(BaseThrottle):
    """`limit` and `who` are what a subclass says; `remaining` and `wait` are known after `allow_request`."""

    clock: Callable[[], float] = staticmethod(time.time)

    def __init__(self) -> None:
        self.remaining = 0
        self._seconds_left = float(SECONDS)

    @property
    def limit(self) -> int:
        raise NotImplementedError

    def who(self, request: Request) -> str:
        raise NotImplementedError

    def allow_request(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002 (the framework's)
        who, now = self.who(request), self.clock()
        ends = cache.get_or_set(f"minute:{who}", now + SECONDS, SECONDS)
        if not isinstance(ends, float) or ends <= now:  # the cache is slow to forget
            ends = now + SECONDS
            cache.set(f"minute:{who}", ends, SECONDS)
        taken = _counted(f"minute:{who}:{ends!r}")
        self._seconds_left = ends - now
        self.remaining = max(0, self.limit - taken)
        return taken <= self.limit

    def wait(self) -> float:
        return self._seconds_left


def _counted(name: str) -> int:
    cache.add(name, 0, 2 * SECONDS)
    try:
        return cache.incr(name)
    except ValueError:  # forgotten in between, by a cache that is full
        cache.set(name, 1, 2 * SECONDS)
        return 1


class RequestsPerMinute(PerMinute):
    """API_REQUESTS_PER_MINUTE of a key (or person, or address)."""

    @property
    def limit(self) -> int:
        return settings.API_REQUESTS_PER_MINUTE

    def who(self, request: Request) -> str:
        if isinstance(request.auth, ApiKey):
            return f"requests:key-{request.auth.pk}"
        if request.user.is_authenticated:
            return f"requests:user-{request.user.pk}"
        return f"requests:address-{self.get_ident(request)}"


def rate_headers(throttles: Iterable[BaseThrottle]) -> dict[str, str]:
    """OpenAI's headers, of the limit that is nearest; none where nothing was counted."""
    counted = [throttle for throttle in throttles if isinstance(throttle, PerMinute)]
    if not counted:
        return {}
    nearest = min(counted, key=lambda throttle: throttle.remaining)
    return {
        "X-RateLimit-Limit-Requests": str(nearest.limit),
        "X-RateLimit-Remaining-Requests": str(nearest.remaining),
        "X-RateLimit-Reset-Requests": f"{math.ceil(nearest.wait())}s",
    }
