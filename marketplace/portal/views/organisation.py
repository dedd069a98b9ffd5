"""The organisation itself: opening one, its country, and the domains that it proves to be its own."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.errors import NotFound
from marketplace import attempts, consumers, dns_texts, domains, home_countries, organisations
from marketplace.models import DomainClaim, Role, User, VerifiedDomain
from marketplace.portal.actions import act, attempt
from marketplace.portal.desk import CHOSEN, Desk, at_desk, page
from marketplace.portal.forms import CountryForm, DomainForm, NewOrganisationForm

BACK = "portal:organisation-profile"


@dataclass(frozen=True, slots=True)
class Claimed:
    """What to publish, and where, to prove a domain."""

    id: int
    domain: str
    name: str
    text: str


@require_safe
@at_desk
def profile(request: HttpRequest, desk: Desk) -> HttpResponse:
    own = desk.organisation
    proved = list(VerifiedDomain.objects.filter(organisation=own))
    known = {one.domain for one in proved}
    waiting = [one for one in DomainClaim.objects.filter(organisation=own) if one.domain not in known]
    return page(
        request,
        desk,
        "organisation.html",
        section="organisation",
        may_manage=desk.role == Role.OWNER,
        facts=consumers.facts_of(own),
        country_form=CountryForm(initial={"country": own.country}),
        domain_form=DomainForm(),
        proved=proved,
        claims=[Claimed(one.pk, one.domain, domains.where(one), domains.what(one)) for one in waiting],
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """For everybody who is signed in: who opens an organisation owns it."""
    form = NewOrganisationForm(request.POST or None)
    person = request.user
    assert isinstance(person, User)
    if request.method == "POST" and form.is_valid():
        if not attempts.may_try("organisation", str(person.pk)):
            return render(request, "marketplace/too_many.html", status=429)
        call = partial(
            organisations.create_organisation,
            slug=form.cleaned_data["slug"],
            name=form.cleaned_data["name"],
            acting_user=person,
            now=timezone.now(),
        )
        if attempt(form, call):
            request.session[CHOSEN] = form.cleaned_data["slug"]
            messages.success(request, f"{form.cleaned_data['name']} is open, and you are its owner.")
            return redirect("portal:home")
    status = 422 if form.errors else 200
    return render(request, "marketplace/organisation_new.html", {"form": form}, status=status)


@require_POST
@at_desk
def country(request: HttpRequest, desk: Desk) -> HttpResponse:
    call = partial(
        home_countries.say_country, organisation=desk.organisation, country=request.POST.get("country", ""),
        acting_user=desk.user, now=timezone.now(),
    )  # fmt: skip
    return act(request, call, done="The country is kept. An operator confirms it next.", back=BACK)


@require_POST
@at_desk
def claim_domain(request: HttpRequest, desk: Desk) -> HttpResponse:
    wanted = request.POST.get("domain", "")
    call = partial(_claim, desk, wanted)
    return act(request, call, done="Publish the text below, then let it be looked for.", back=BACK)


@require_POST
@at_desk
def prove_domain(request: HttpRequest, desk: Desk, claim_id: int) -> HttpResponse:
    claimed = DomainClaim.objects.filter(organisation=desk.organisation, pk=claim_id)
    found = claimed.select_related("organisation").first()
    if found is None:
        raise NotFound("There is no such claim of your organisation.")
    call: Callable[[], object] = partial(
        domains.prove, claimed=found, texts_of=dns_texts.texts_of, acting_user=desk.user, now=timezone.now()
    )
    return act(request, call, done=f"{found.domain} is verified. Policies know it from now on.", back=BACK)


@require_POST
@at_desk
def give_up_domain(request: HttpRequest, desk: Desk) -> HttpResponse:
    wanted = request.POST.get("domain", "")
    call = partial(
        domains.give_up, organisation=desk.organisation, domain=wanted, acting_user=desk.user,
        now=timezone.now(),
    )  # fmt: skip
    return act(request, call, done=f"{wanted} counts no more.", back=BACK)


def _claim(desk: Desk, wanted: str) -> None:
    domains.claim(organisation=desk.organisation, domain=wanted, acting_user=desk.user, now=timezone.now())
