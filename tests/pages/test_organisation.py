"""Members, invitations, country and domains in the portal, from the first click to the last."""

import re

import pytest
from django.core import mail
from django.test import Client

from marketplace import attempts, dns_texts
from marketplace.models import DomainClaim, Invitation, Membership, Organisation, Role, User
from tests.cast import Cast
from tests.pages.test_every_page import assert_is_a_good_page

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def invited(cast: Cast, role: Role = Role.EDITOR) -> str:
    """The address of the link that the page shows."""
    reply = cast.owner.browser.post("/members", {"email": "ada@example.org", "role": role})
    assert reply.headers["Cache-Control"] == "no-store"
    found = re.search(r"http://testserver(/invitations/[\w-]+)", reply.content.decode())
    assert found
    return found[1]


def test_an_invitation_leads_to_an_account_that_is_signed_in_as_a_member(
    cast: Cast, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        link = invited(cast)
    assert link in mail.outbox[0].body
    browser = Client()
    page = browser.get(link)
    assert_is_a_good_page(link, page)
    assert "Join Owner" in page.content.decode()
    reply = browser.post(link, {"username": "ada", "password": PASSWORD}, follow=True)
    assert "Welcome: you act for Owner as editor." in reply.content.decode()
    assert Membership.objects.get(user__username="ada").role == Role.EDITOR
    assert Client().get(link).status_code == 404, "it works once"


def test_a_bad_password_is_said_and_the_name_stays(cast: Cast) -> None:
    link = invited(cast)
    reply = Client().post(link, {"username": "ada", "password": "short"})
    assert reply.status_code == 422
    assert "too short" in reply.content.decode()
    assert 'value="ada"' in reply.content.decode()
    assert not User.objects.filter(username="ada").exists()


def test_somebody_signed_in_accepts_with_one_click_and_acts_for_it(cast: Cast) -> None:
    link, browser = invited(cast, Role.VIEWER), cast.buyer.browser
    assert "You are signed in as" in browser.get(link).content.decode()
    page = browser.post(link, follow=True).content.decode()
    assert "you act for Owner as viewer" in page
    assert browser.get("/members").status_code == 200


def test_a_member_who_opens_an_invitation_is_told_and_leaves_it_open(cast: Cast) -> None:
    link = invited(cast)
    assert "You are a member of Owner already" in cast.owner.browser.post(link).content.decode()
    assert Invitation.objects.get().accepted_at is None


def test_links_are_not_guessed_for_long(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(attempts.MOST, "invitation", 2)
    statuses = [Client().get(f"/invitations/{number}").status_code for number in range(3)]
    assert statuses == [404, 404, 429]


def test_an_invitation_that_waits_is_listed_and_taken_back(cast: Cast) -> None:
    link = invited(cast)
    assert "ada@example.org" in cast.owner.browser.get("/members").content.decode()
    invitation = Invitation.objects.get()
    page = cast.owner.browser.post(f"/members/invitations/{invitation.pk}/revoke", follow=True)
    assert "is taken back" in page.content.decode()
    assert Client().get(link).status_code == 404


def test_a_role_is_changed_and_the_last_owner_is_not(cast: Cast) -> None:
    colleague = cast.owner.colleague(Role.VIEWER)
    seat = Membership.objects.get(user=colleague.user)
    cast.owner.browser.post(f"/members/{seat.pk}/role", {f"member-{seat.pk}-role": "finance"})
    seat.refresh_from_db()
    assert seat.role == Role.FINANCE
    own = Membership.objects.get(user=cast.owner.user)
    page = cast.owner.browser.post(f"/members/{own.pk}/remove", follow=True).content.decode()
    assert "would have no owner" in page
    left = colleague.browser.post(f"/members/{seat.pk}/remove", follow=True)
    assert (left.status_code, "Open an organisation" in left.content.decode()) == (403, True)


def test_who_is_no_owner_sees_members_without_addresses_and_no_forms(cast: Cast) -> None:
    User.objects.filter(pk=cast.owner.user.pk).update(email="olga@example.org")
    page = cast.owner.colleague(Role.EDITOR).browser.get("/members").content.decode()
    assert "olga@example.org" not in page
    assert "Send the invitation" not in page
    assert "Leave now" in page


def test_a_person_without_an_organisation_opens_one_and_owns_it(db: None) -> None:
    browser = Client()
    browser.force_login(User.objects.create_user("alone"))
    assert_is_a_good_page("/organisation/new", browser.get("/organisation/new"))
    taken = browser.post("/organisation/new", {"name": "Mine", "slug": "Not Good"})
    assert taken.status_code == 422
    page = browser.post("/organisation/new", {"name": "Mine", "slug": "mine"}, follow=True).content.decode()
    assert "Mine is open, and you are its owner." in page
    assert Membership.objects.get(organisation__slug="mine").role == Role.OWNER


def test_organisations_are_not_opened_without_end(db: None) -> None:
    browser = Client()
    browser.force_login(User.objects.create_user("alone"))
    sent = [
        browser.post("/organisation/new", {"name": "Mine", "slug": f"mine-{number}"}).status_code
        for number in range(6)
    ]
    assert sent == [302] * 5 + [429]
    assert Organisation.objects.count() == 5


def test_a_country_is_said_and_shown_as_unknown_until_it_is_confirmed(cast: Cast) -> None:
    page = cast.buyer.browser.post("/organisation/country", {"country": "DE"}, follow=True).content.decode()
    assert "unknown: DE waits for an operator" in page
    page = cast.buyer.browser.post("/organisation/country", {"country": "XX"}, follow=True).content.decode()
    assert "is not a country" in page


def test_a_domain_is_claimed_published_and_found(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = cast.buyer.browser
    page = browser.post("/organisation/domains", {"domain": "Uni.example.org"}, follow=True).content.decode()
    claimed = DomainClaim.objects.get()
    assert "_deep-voting-market.uni.example.org" in page
    assert f"deep-voting-market={claimed.token}" in page
    monkeypatch.setattr(dns_texts, "texts_of", lambda _name: frozenset())
    address = f"/organisation/domains/{claimed.pk}/prove"
    assert "is not published" in browser.post(address, follow=True).content.decode()
    monkeypatch.setattr(dns_texts, "texts_of", lambda _name: {f"deep-voting-market={claimed.token}"})
    assert "uni.example.org is verified" in browser.post(address, follow=True).content.decode()
    left = browser.post("/organisation/domains/give-up", {"domain": "uni.example.org"}, follow=True)
    assert "none proved" in left.content.decode()
