"""How often somebody may try what can be guessed: passwords and invitations. Counted in the cache.

Counts by whom is tried for (a name) and by where it comes from (an address), each in a window that begins
with its first try. In production the cache is Redis, so all processes count together.
"""

from django.core.cache import cache
from django.http import HttpRequest

WINDOW_SECONDS = 15 * 60
MOST = {
    "sign-in-name": 10,
    "sign-in-address": 100,
    "invitation": 60,  # by address
    "password": 10,  # by person, of wrong and right old ones
    "organisation": 5,  # opened by one person
}


def may_try(what: str, who: str) -> bool:
    """Whether this try is still allowed; it counts."""
    return count(what, who) <= MOST[what]


def is_open(what: str, who: str) -> bool:
    """Whether another try would be allowed; nothing is counted."""
    return int(cache.get(_key(what, who), 0)) < MOST[what]


def count(what: str, who: str) -> int:
    cache.add(_key(what, who), 0, WINDOW_SECONDS)
    try:
        return int(cache.incr(_key(what, who)))
    except ValueError:  # the window ended between the two calls
        cache.set(_key(what, who), 1, WINDOW_SECONDS)
        return 1


def forget(what: str, who: str) -> None:
    cache.delete(_key(what, who))


def address_of(request: HttpRequest | None) -> str:
    return str(request.META.get("REMOTE_ADDR", "")) if request is not None else ""


def _key(what: str, who: str) -> str:
    """A name may hold anything, a key of the cache may not."""
    return f"attempts:{what}:{who.casefold().encode().hex()[:180]}"
