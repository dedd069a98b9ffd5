"""Signing in and out, and for which organisation one acts."""

from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounting.errors import NotFound
from marketplace import attempts
from marketplace import sign_in as limits
from marketplace.portal.desk import CHOSEN, Desk, at_desk


class SignIn(LoginView):
    """Says so where the door is closed for a while, instead of calling the password wrong."""

    template_name = "marketplace/sign_in.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not limits.is_open(request.POST.get("username", ""), attempts.address_of(request)):
            return render(request, "marketplace/too_many.html", status=429)
        return super().post(request, *args, **kwargs)


sign_in = SignIn.as_view()
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
