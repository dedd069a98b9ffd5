"""The signed-in person: their organisations, their password, and signing out everywhere."""

from functools import partial

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from marketplace import attempts, people
from marketplace.models import Membership, User
from marketplace.portal.actions import attempt


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def you(request: HttpRequest) -> HttpResponse:
    """POST changes the password: every other session of the person ends with it."""
    person = _person(request)
    form = PasswordChangeForm(person, request.POST or None)
    if request.method == "POST":
        if not attempts.may_try("password", str(person.pk)):
            return render(request, "marketplace/too_many.html", status=429)
        if form.is_valid() and _change(request, form, person):
            messages.success(request, "The password is changed. Other sessions of yours have ended.")
            return redirect("portal:you")
    seats = (
        Membership.objects.filter(user=person).select_related("organisation").order_by("organisation__name")
    )
    context = {"form": form, "seats": seats, "section": "you"}
    return render(request, "marketplace/you.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """Every session of the person ends but this one."""
    person = people.end_sessions(user=_person(request), now=timezone.now())
    update_session_auth_hash(request, person)
    messages.success(request, "Every other session of yours has ended.")
    return redirect("portal:you")


def _change(request: HttpRequest, form: PasswordChangeForm, person: User) -> bool:
    call = partial(
        people.change_password, user=person, password=form.cleaned_data["new_password1"], now=timezone.now()
    )
    if not attempt(form, call):
        return False
    update_session_auth_hash(request, person)
    return True


def _person(request: HttpRequest) -> User:
    person = request.user
    assert isinstance(person, User)
    return person
