"""The catalogue in a real browser: a stranger searches, narrows down, compares and reads a card."""

# ruff: noqa: F811 (fixtures are named where they are used)

from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from tests.catalogue.shelf import offered
from tests.pages.browsing import Scheme, window
from tests.pages.scene import Scene
from tests.pages.test_browser import browser, staged  # noqa: F401 (fixtures)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def stock(staged: Scene) -> None:
    from django.utils import timezone

    from marketplace import listing, registration

    owner = staged.cast.owner
    by: dict[str, Any] = {"acting_user": owner.user, "now": timezone.now()}
    registration.describe_source(
        source=staged.alpine, description="Thirty years of notes on gentians, saxifrage and other plants "
        "above the tree line, kept by the stations of the western Alps.", **by)  # fmt: skip
    listing.set_topics(source=staged.alpine, topics=["environment", "science"], **by)
    offered(owner, "lichens", title="Lichens of the north wall", topics=("environment",), quote=True,
            price_micro_usd_per_nat=90, approval="required", description="A survey.")  # fmt: skip
    offered(staged.cast.second_owner, "case-law", title="Case law of small courts", topics=("justice",),
            visibility="listed_on_request", license="Own terms")  # fmt: skip


def test_a_stranger_finds_narrows_compares_and_reads(
    staged: Scene,
    live_server: LiveServer,
    browser: Browser,
) -> None:
    stock(staged)
    with window(browser, live_server.url) as seen:
        page = seen.page
        seen.open("/catalogue")
        page.get_by_label("Search the catalogue").fill("alp gen")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_role("status")).to_contain_text("1 source with 1 filter")
        page.get_by_role("link", name="“alp gen”").click()
        page.get_by_label("Environment").check()
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("status")).to_contain_text("2 sources with 1 filter")
        for title in ("Field notes on alpine plants", "Lichens of the north wall"):
            page.get_by_label(f"Compare {title}").check()
        page.get_by_role("button", name="Compare the marked ones").click()
        expect(page.get_by_role("heading", name="Side by side")).to_be_visible()
        page.get_by_role("link", name="Field notes on alpine plants").click()
        expect(page.get_by_role("heading", name="Who may use it, for what, at what price")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_pages_fit_and_are_pictured(
    staged: Scene,
    live_server: LiveServer,
    browser: Browser,
    scheme: Scheme,
    width: int,
) -> None:
    stock(staged)
    addresses = {
        "catalogue": "/catalogue",
        "catalogue-narrowed": "/catalogue?q=plants&topic=environment",
        "catalogue-empty": "/catalogue?q=plants&regime=privacy",
        "card": "/catalogue/alpine-plants",
        "card-on-request": "/catalogue/case-law",
        "compare": "/compare?source=alpine-plants&source=lichens&source=case-law",
    }
    with window(browser, live_server.url, scheme=scheme, width=width) as seen:
        for name, address in addresses.items():
            if name.endswith("empty"):
                seen.complaints.clear()
            seen.open(address)
            assert seen.fits_its_width(), name
            seen.picture(f"{name}-{scheme}-{width}")
