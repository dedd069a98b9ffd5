"""Who sits at the desk: the signed-in person, the organisation they act for, and what their role allows.

Every portal view gets a Desk; every object of the portal is looked up through `desk.organisation`, so that
another organisation's rows are simply not there (404). It must not decide what a use case decides again: the
flags here only hide buttons, the use cases check the role themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from accounting.errors import NotFound
from accounting.errors import PermissionDenied as RoleRefused
from marketplace.models import Membership, Organisation, Role, User
from marketplace.roles import TREASURERS

CHOSEN = "organisation"  # the session's key

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Desk:
    """One person acting for one organisation in one role."""

    user: User
    organisation: Organisation
    role: str
    organisations: tuple[Organisation, ...]

    @property
    def may_write(self) -> bool:
        return self.role in {Role.OWNER, Role.EDITOR}

    @property
    def may_pay(self) -> bool:
        return self.role in TREASURERS

    @property
    def may_issue_keys(self) -> bool:
        return self.role == Role.OWNER


View = Callable[Concatenate[HttpRequest, Desk, P], HttpResponseBase]
OpenView = Callable[Concatenate[HttpRequest, Desk | None, P], HttpResponseBase]


def at_desk(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Sign-in first, then an organisation; what a use case hides or refuses becomes the page that says so."""

    @wraps(view)
    def seated(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        desk = _desk(request)
        if desk is None:
            return _nowhere(request)
        try:
            return view(request, desk, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.detail) from error
        except RoleRefused as error:
            raise PermissionDenied(error.detail) from error

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", login_required(seated))


def in_public(view: OpenView[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """For everybody; somebody who is signed in sees what their organisation may see."""

    @wraps(view)
    def opened(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        desk = _desk(request) if request.user.is_authenticated else None
        try:
            return view(request, desk, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.detail) from error

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", opened)


def page(
    request: HttpRequest, desk: Desk | None, template: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Render one page with what every page shows; without a desk, what everybody may see."""
    shared = {
        "desk": desk,
        "organisation": desk and desk.organisation,
        "organisations": desk.organisations if desk else (),
        "may_write": desk is not None and desk.may_write,
    }
    reply = render(request, f"marketplace/{template}", shared | context, status=status)
    reply["Cache-Control"] = "private, no-cache"  # figures of one organisation, never of a shared cache
    return reply


def _desk(request: HttpRequest) -> Desk | None:
    user = cast("User", request.user)
    memberships = list(Membership.objects.filter(user=user).select_related("organisation").order_by("id"))
    if not memberships:
        return None
    wanted = request.session.get(CHOSEN)
    chosen = next((seat for seat in memberships if seat.organisation.slug == wanted), memberships[0])
    organisations = tuple(seat.organisation for seat in memberships)
    return Desk(user=user, organisation=chosen.organisation, role=chosen.role, organisations=organisations)


def _nowhere(request: HttpRequest) -> HttpResponse:
    """A person without an organisation: operators work in the console, everybody else has to be invited."""
    if cast("User", request.user).is_staff:
        return redirect("admin:index")
    return render(request, "marketplace/no_organisation.html", status=403)
