"""Every address that config/urls.py resolves, so that none can be forgotten by a table."""

from collections.abc import Iterator, Mapping

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Routes = Mapping[str, URLPattern]  # by their pattern as it is declared, e.g. `v1/sources/<slug:slug>`


def portal() -> Routes:
    return {route: found for app, route, found in _all() if app == "portal"}


def console() -> Routes:
    return {route: found for app, route, found in _all() if app == "admin"}


def api() -> Routes:
    """Everything else."""
    return {route: found for app, route, found in _all() if app not in {"portal", "admin"}}


def methods(found: URLPattern) -> set[str]:
    """What a class-based view takes; a plain function, which has no such list, counts as read."""
    view = getattr(found.callback, "view_class", None) or getattr(found.callback, "cls", None)
    return {method for method in METHODS if hasattr(view, method.lower())} if view else {"GET"}


def _all() -> Iterator[tuple[str | None, str, URLPattern]]:
    yield from _walk(get_resolver(), "", None)


def _walk(
    resolver: URLResolver, before: str, app: str | None
) -> Iterator[tuple[str | None, str, URLPattern]]:
    for one in resolver.url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _walk(one, route, one.app_name or app)
        else:
            yield app, route, one
