"""The console in a real browser: what waits leads to the queue, many are decided at once, pages fit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from marketplace.models import ReviewItem, ReviewState
from tests.builders import draft_source, publish
from tests.cast import make_cast
from tests.pages.browsing import Scheme, chromium, window
from tests.pages.test_browser import in_another_thread

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch, chromium() as started:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield started


@pytest.fixture
def queue(settings: Any, tmp_path: Path, browser: Browser, transactional_db: None) -> None:
    """Three policies that wait."""
    settings.PUBLISHING_REVIEW = "every"
    cast = make_cast()
    for slug in ("ferns", "mosses", "lichens"):
        publish(cast.owner, draft_source(cast.owner, slug))


def states() -> set[str]:
    found: list[str] = []
    in_another_thread(lambda: found.extend(ReviewItem.objects.values_list("state", flat=True)))
    return set(found)


def test_an_operator_finds_what_waits_and_decides_many_at_once(
    queue: None, live_server: LiveServer, browser: Browser
) -> None:
    with window(browser, live_server.url) as seen:
        page = seen.page
        seen.sign_in("operator")
        seen.open("/admin/")
        page.get_by_role("link", name="Policies to review").click()
        page.locator("#action-toggle").check()
        page.get_by_label("Select action to run").select_option("reject_many")
        page.get_by_role("button", name="Run").click()
        page.get_by_label("Reason").fill("Say whose letters.")
        page.get_by_role("button", name="Reject these policies").click()
        expect(page.get_by_text("all 3 done")).to_be_visible()
        seen.picture("console-many-decided")
    assert states() == {ReviewState.REJECTED}


def test_one_policy_is_approved_on_its_page(queue: None, live_server: LiveServer, browser: Browser) -> None:
    with window(browser, live_server.url) as seen:
        page = seen.page
        seen.sign_in("operator")
        seen.open("/admin/marketplace/reviewitem/?state__exact=waiting")
        page.get_by_role("link", name="Ferns").first.click()
        page.get_by_role("link", name="Approve").first.click()
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_text("votes under version 1")).to_be_visible()
    assert states() == {ReviewState.APPROVED, ReviewState.WAITING}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_the_consoles_pages_fit_their_width(
    queue: None, live_server: LiveServer, browser: Browser, scheme: Scheme, width: int
) -> None:
    wide = []
    with window(browser, live_server.url, scheme=scheme, width=width) as seen:
        seen.sign_in("operator")
        for name in ("", "audit", "refusals", "purposes", "simulator", "compare", "policy-templates/new"):
            seen.open(f"/admin/{name}")
            seen.picture(f"console-{name.replace('/', '-') or 'first'}-{scheme}")
            if not seen.fits_its_width():
                wide.append(name)
    assert wide == []
