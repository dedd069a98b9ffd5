"""Who may open and press what."""

import re

import pytest
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from marketplace import organisations
from marketplace.models import ApiKey, Role, Source, SourceState, User
from tests.cast import Cast
from tests.pages.addresses import pages, posted
from tests.pages.scene import Scene
from tests.who_may.actors import OK
from tests.who_may.table_portal import ROWS

pytestmark = pytest.mark.django_db
TOP_UP = "wallet/top-ups/<uuid:top_up_id>"
CATALOGUE = {"catalogue", "catalogue/<slug:slug>", "compare"}  # open to strangers too


def test_every_page_that_the_owner_may_open_is_looked_at(scene: Scene) -> None:
    opened = {row.route for row in ROWS if row.method == "GET" and row.who["owner"] == OK}
    looked_at = {str(resolve(address).route) for address in pages(scene)}
    with_tests_of_their_own = {"sign-in", "invitations/<str:token>", TOP_UP, f"{TOP_UP}/pay", *CATALOGUE}
    assert opened - looked_at == with_tests_of_their_own


def test_a_stranger_is_sent_to_sign_in(scene: Scene, client: Client) -> None:
    for address in pages(scene):
        reply = client.get(address)
        assert (reply.status_code, reply.headers["Location"]) == (302, f"/sign-in?next={address}"), address
    for address in posted(scene):
        assert client.post(address).status_code == 302, address
    assert Source.objects.get(pk=scene.alpine.pk).state == SourceState.LIVE


def test_the_owner_opens_every_page(scene: Scene) -> None:
    browser = scene.cast.owner.browser
    for address in pages(scene):
        assert browser.get(address).status_code == 200 or address.endswith("/progress"), address


@pytest.mark.parametrize("who", ["second_owner", "buyer", "outsider", "operator"])
def test_earnings_of_a_source_do_not_exist_for_other_organisations(scene: Scene, who: str) -> None:
    browser = getattr(scene.cast, who).browser
    assert browser.get(f"/earnings?source={scene.alpine.slug}").status_code == 404
    assert browser.get(f"/earnings.csv?source={scene.alpine.slug}").status_code == 404


def test_an_unknown_source_and_a_foreign_one_look_the_same(scene: Scene) -> None:
    browser = scene.cast.outsider.browser
    foreign = browser.get(f"/sources/{scene.alpine.slug}")
    unknown = browser.get("/sources/there-is-none")
    assert foreign.status_code == unknown.status_code == 404
    token = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')
    assert token.sub(b"", foreign.content) == token.sub(b"", unknown.content)


def test_a_receipt_is_seen_by_its_buyer_and_by_the_owners_of_its_voters_only(scene: Scene) -> None:
    address = f"/receipts/{scene.receipt.pk}"
    statuses = {
        who: getattr(scene.cast, who).browser.get(address).status_code
        for who in ("buyer", "owner", "second_owner", "outsider", "operator")
    }
    assert statuses == {"buyer": 200, "owner": 200, "second_owner": 200, "outsider": 404, "operator": 404}


def test_an_owner_sees_the_lines_of_own_sources_and_nothing_of_the_others(scene: Scene) -> None:
    page = scene.cast.second_owner.browser.get(f"/receipts/{scene.receipt.pk}").content.decode()
    assert "essays" in page
    for hidden in (
        "alpine-plants",
        "harbour-tides",
        "parish-registers",
        scene.receipt.jws,
        "Fee of the market",
    ):
        assert hidden not in page, hidden


@pytest.mark.parametrize("role", [Role.VIEWER, Role.FINANCE])
def test_who_may_only_read_gets_no_buttons_and_no_way_around_them(scene: Scene, role: Role) -> None:
    reader = scene.cast.owner.colleague(role).browser
    page = reader.get(f"/sources/{scene.alpine.slug}").content.decode()
    assert "Withdraw" not in page
    assert "Train again" not in page
    assert reader.get("/sources/new").status_code == 403
    for part in ("/train", "/suspend", "/withdraw"):
        reply = reader.post(
            f"/sources/{scene.alpine.slug}{part}", {"confirm": scene.alpine.slug, "reason": "x"}
        )
        assert reply.status_code == 403, part
    assert Source.objects.get(pk=scene.alpine.pk).state == SourceState.LIVE


def test_an_editor_trains_but_does_not_issue_keys(scene: Scene) -> None:
    editor = scene.cast.owner.colleague(Role.EDITOR).browser
    assert "Train again" in editor.get(f"/sources/{scene.alpine.slug}").content.decode()
    before = ApiKey.objects.count()
    assert editor.post("/keys", {"name": "mine", "scopes": ["answers"]}).status_code == 403
    assert ApiKey.objects.count() == before


def test_a_key_of_another_organisation_cannot_be_revoked(scene: Scene) -> None:
    key = ApiKey.objects.get(organisation=scene.cast.owner.organisation)
    assert scene.cast.outsider.browser.post(f"/keys/{key.pk}/revoke").status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None


def test_a_form_without_its_token_is_refused_in_words(cast: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.owner.user)
    reply = browser.post("/keys", {"name": "mine", "scopes": ["answers"]})
    assert reply.status_code == 403
    assert "This form is out of date" in reply.content.decode()


def test_a_person_without_an_organisation_is_told_so(db: None) -> None:
    browser = Client()
    browser.force_login(User.objects.create_user("alone"))
    reply = browser.get("/")
    assert reply.status_code == 403
    assert "not a member of any organisation" in reply.content.decode()


def test_an_operator_without_an_organisation_is_led_to_the_console(db: None) -> None:
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"))
    assert browser.get("/").headers["Location"] == "/admin/"


def test_a_member_of_two_organisations_acts_for_one_at_a_time(scene: Scene) -> None:
    second, person = scene.cast.second_owner, scene.cast.owner.user
    organisations.add_member(
        organisation=second.organisation,
        user=person,
        role=Role.VIEWER,
        acting_user=second.user,
        now=timezone.now(),
    )
    browser = scene.cast.owner.browser
    assert browser.get(f"/sources/{scene.alpine.slug}").status_code == 200
    browser.post("/organisation", {"organisation": "second-owner"})
    assert browser.get(f"/sources/{scene.alpine.slug}").status_code == 404
    assert browser.get("/sources/essays").status_code == 200
    assert browser.post("/organisation", {"organisation": "buyer"}).status_code == 404
