"""/healthz says that the process answers; /readyz says whether it can do its work, and what is missing.

Embedded, the engine of this very process must be warm. In production the portal and API must stay reachable
while no serve worker runs, so the engines' state is told there but does not decide.
"""

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

ENGINE_KEY = "engine-alive"


def healthz(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok", "version": settings.VERSION})


def readyz(_request: HttpRequest) -> JsonResponse:
    checks = {"database": _database()}
    if settings.REDIS_URL:
        checks["redis"], engine = _redis_and_engines()
    else:
        engine = _own_engine()
        if settings.WORK_MODE == "embedded":
            checks["engine"] = engine
    ready = all(state in {"ok", "ready"} for state in checks.values())
    body = {"status": "ready" if ready else "not ready", **checks, "engine": engine}
    response = JsonResponse(body, status=200 if ready else 503)
    # Django's own mark: whoever asks again and again must not fill the log.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"unreachable ({type(error).__name__})"
    return "ok"


def _redis_and_engines() -> tuple[str, str]:
    """(Redis, the best state that any serve worker reports)."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as client:
            names = list(client.scan_iter(match=f"{ENGINE_KEY}:*", count=1000))
            states = {value.decode() for value in client.mget(names) if value} if names else set()
    except redis.RedisError as error:
        return f"unreachable ({type(error).__name__})", "unknown"
    return "ok", next((state for state in ("ready", "warming", "failed") if state in states), "absent")


def _own_engine() -> str:
    from workers import local_engine

    state, failure = local_engine.state()
    return f"{state} ({failure})" if failure else state
