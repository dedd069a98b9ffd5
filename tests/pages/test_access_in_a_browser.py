"""Members, keys and invitations in a real browser: light and dark, wide and narrow."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from marketplace import domains, home_countries, invitations, key_rotation
from marketplace.models import ApiKey, Role
from tests.builders import name_core
from tests.cast import make_cast
from tests.pages.browsing import Scheme, chromium, window
from tests.pages.scene import Scene, set_scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch, chromium() as started:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield started


@pytest.fixture
def staged(settings, tmp_path: Path, browser: Browser, transactional_db: None) -> Scene:
    """The scene, with colleagues, an invitation under way, a claimed domain and a rotated key."""
    settings.CORE_DIRECTORY = tmp_path / "core"
    settings.WORK_RUNNERS = {**settings.WORK_RUNNERS, "immediate": "tests.pages.test_browser.nothing"}
    name_core("smollm2-135m-instruct")
    scene = set_scene(make_cast(), answers=2)
    owner, now = scene.cast.owner, timezone.now()
    for role in (Role.EDITOR, Role.FINANCE, Role.VIEWER):
        owner.colleague(role)
    invitations.invite(
        organisation=owner.organisation, email="ada@example.org", role=Role.VIEWER, link="/invitations/",
        acting_user=owner.user, now=now,
    )  # fmt: skip
    home_countries.say_country(organisation=owner.organisation, country="DE", acting_user=owner.user, now=now)
    domains.claim(
        organisation=owner.organisation, domain="herbarium.example.org", acting_user=owner.user, now=now
    )
    domains.confirm(
        organisation=owner.organisation, domain="alpine.example.org", acting_user=scene.cast.operator.user,
        now=now,
    )  # fmt: skip
    key = ApiKey.objects.get(created_by=owner.user)
    key_rotation.rotate(key=key, overlap=timedelta(days=7), acting_user=owner.user, now=now)
    return scene


PAGES = {"members": "/members", "organisation": "/organisation/profile", "keys": "/keys", "you": "/you"}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_pages_of_access_fit_and_stay_on_their_host(
    staged: Scene, live_server: LiveServer, browser: Browser, scheme: Scheme, width: int
) -> None:
    with window(browser, live_server.url, scheme=scheme, width=width) as seen:
        seen.sign_in("owner")
        for name, address in PAGES.items():
            seen.open(address)
            seen.picture(f"access-{name}-{scheme}-{width}")
            assert seen.fits_its_width(), address


def test_an_owner_invites_and_somebody_new_joins_by_the_link(
    staged: Scene, live_server: LiveServer, browser: Browser
) -> None:
    with window(browser, live_server.url) as seen:
        seen.sign_in("owner")
        seen.open("/members")
        seen.page.get_by_label("E-mail address").fill("grace@example.org")
        seen.page.get_by_role("radio", name="Editor").check()
        seen.page.get_by_role("button", name="Send the invitation").click()
        expect(seen.page.get_by_text("grace@example.org is invited.")).to_be_visible()
        seen.picture("access-invited")
        link = seen.page.locator(".notice code").inner_text()
    with window(browser, live_server.url, width=360) as seen:
        seen.page.goto(link)
        seen.picture("access-invitation-360")
        seen.page.get_by_label("User name").fill("grace")
        seen.page.get_by_label("Password").fill("correct horse battery")
        seen.page.get_by_role("button", name="Make the account and accept").click()
        expect(seen.page.get_by_text("you act for Owner as editor")).to_be_visible()


def test_an_owner_rotates_a_key_with_the_keyboard_and_sees_the_secret_once(
    staged: Scene, live_server: LiveServer, browser: Browser
) -> None:
    with window(browser, live_server.url) as seen:
        seen.sign_in("owner")
        seen.open("/keys")
        seen.page.get_by_role("button", name="End it now").press("Enter")
        expect(seen.page.get_by_text("Only the newest secret")).to_be_visible()
        row = seen.page.get_by_role("row").last
        row.get_by_text("Rotate…").press("Enter")
        row.get_by_label("The old secret works on for").select_option("1")
        row.get_by_role("button", name="Rotate now").press("Enter")
        expect(seen.page.get_by_text("This is the only time it is shown.")).to_be_visible()
        seen.picture("access-rotated")
