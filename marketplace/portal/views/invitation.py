"""Accepting an invitation: with the account one is signed in to, or with a new one.

For strangers, so it is limited by address; a token that is worth nothing is a page that says so (404).
"""

from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounting.errors import DomainError, NotFound
from marketplace import attempts, invitations
from marketplace.invitations import NewAccount
from marketplace.models import Invitation, User
from marketplace.portal.actions import attempt, in_words
from marketplace.portal.desk import CHOSEN
from marketplace.portal.forms import AccountForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    if not attempts.may_try("invitation", attempts.address_of(request)):
        return render(request, "marketplace/too_many.html", status=429)
    try:
        found = invitations.find(token, now=timezone.now())
    except NotFound as error:
        raise Http404(error.detail) from error
    if request.user.is_authenticated:
        return _as_member(request, token, found, request.user)
    return _with_account(request, token, found)


def _as_member(request: HttpRequest, token: str, found: Invitation, person: User) -> HttpResponse:
    if request.method == "POST":
        try:
            invitations.accept(token=token, acting_user=person, now=timezone.now())
        except DomainError as error:
            messages.error(request, in_words(error))
        else:
            return _welcome(request, found)
    return render(request, "marketplace/invitation.html", {"invitation": found})


def _with_account(request: HttpRequest, token: str, found: Invitation) -> HttpResponse:
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made: list[User] = []
        account = NewAccount(form.cleaned_data["username"], form.cleaned_data["password"])

        def call() -> None:
            made.append(invitations.accept_with_account(token=token, account=account, now=timezone.now()))

        if attempt(form, call):
            login(request, made[0])
            return _welcome(request, found)
    context = {"invitation": found, "form": form}
    return render(request, "marketplace/invitation.html", context, status=422 if form.errors else 200)


def _welcome(request: HttpRequest, found: Invitation) -> HttpResponse:
    request.session[CHOSEN] = found.organisation.slug
    messages.success(request, f"Welcome: you act for {found.organisation.name} as {found.role}.")
    return redirect("portal:home")
