"""Signing in and out, and for which organisation one acts."""

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounting.errors import NotFound
from marketplace.portal.desk import CHOSEN, Desk, at_desk

sign_in = LoginView.as_view(template_name="marketplace/sign_in.html", redirect_authenticated_user=True)
sign_out = LogoutView.as_view()


@require_POST
@at_desk
def organisation(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Act for another organisation one is a member of."""
    wanted = request.POST.get("organisation", "")
    if wanted not in {other.slug for other in desk.organisations}:
        raise NotFound("You are not a member of that organisation.")
    request.session[CHOSEN] = wanted
    return redirect("portal:home")
