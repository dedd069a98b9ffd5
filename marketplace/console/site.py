"""The console itself: who is let in, and its pages beyond tables of rows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the console: its address below /admin/, and the duty that opens it."""

    address: str
    name: str
    duty: str
    view: View


class Console(UnfoldAdminSite):
    """Whoever holds a staff role comes in; what they see then follows from `duties`."""

    index_title = "Overview"
    index_template = "console/index.html"

    def has_permission(self, request: HttpRequest) -> bool:
        from marketplace.models import User  # models are not there yet when the site is made
        from marketplace.roles import staff_roles_of

        return isinstance(request.user, User) and bool(staff_roles_of(request.user))

    def get_urls(self) -> list[URLPattern]:
        from marketplace.console.pages import PAGES  # pages show models, which are not there yet at import

        own = [path(page.address, self.admin_view(_permitted(page)), name=page.name) for page in PAGES]
        return own + list(super().get_urls())


def shown(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponseBase:
    """One page in the console's frame."""
    from django.contrib import admin

    frame = admin.site.each_context(request)
    return render(request, f"console/{template}", {**frame, "title": title, **context})


def _permitted(page: Page) -> View:
    @wraps(page.view)
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(page.duty):
            raise PermissionDenied
        return page.view(request, *args, **kwargs)

    return view
