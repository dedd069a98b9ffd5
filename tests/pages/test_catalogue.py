"""The catalogue's pages: for everybody, with all that may be seen and nothing that may not."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.cast import Cast
from tests.catalogue.shelf import offered
from tests.pages.addresses import open_pages
from tests.pages.scene import Scene
from tests.pages.test_every_page import assert_is_a_good_page
from tests.pages.test_queries import queries_of

pytestmark = pytest.mark.django_db
WHALES: dict[str, Any] = {
    "title": "Whale songs",
    "description": "Recorded at Tristan.",
    "license": "Own terms",
}


def text(reply: Any) -> str:
    return str(reply.content.decode())


def test_everybody_opens_every_page_signed_in_or_not(scene: Scene) -> None:
    for browser in (Client(), scene.cast.owner.browser, scene.cast.outsider.browser):
        for address in open_pages(scene):
            reply = browser.get(address)
            assert reply.status_code == 200, address
            assert_is_a_good_page(address, reply)


def test_the_list_shows_results_facets_with_counts_and_what_is_chosen(scene: Scene) -> None:
    page = text(Client().get("/catalogue?q=tables&regime=attribution&sort=title"))
    assert "Harbour tide tables, 1951 to 1988" in page
    assert "Political essays" not in page
    assert re.search(r"<strong>1</strong> source with 2 filters", page)
    assert '<a class="chip" href="?q=tables&amp;sort=title"' in page
    assert '<option value="title" selected>' in page


def test_an_empty_page_says_which_filter_to_leave_out(scene: Scene) -> None:
    page = text(Client().get("/catalogue?q=tables&regime=privacy"))
    assert "Nothing has all of this" in page
    assert re.search(r'href="\?q=tables">without regime: 1 source<', page)
    assert "The catalogue is empty" not in page


def test_the_catalogue_of_an_empty_market_says_how_a_source_gets_there(cast: Cast) -> None:
    assert "The catalogue is empty" in text(Client().get("/catalogue"))


@pytest.mark.parametrize("query", ["topic=astrology", "cursor=x", "sort=best&price=dear"])
def test_an_address_that_cannot_be_read_is_a_page_that_says_so(cast: Cast, query: str) -> None:
    reply = Client().get(f"/catalogue?{query}")
    assert reply.status_code == 422
    assert "This search cannot be read" in text(reply)


def test_pages_keep_the_search(cast: Cast) -> None:
    for number in range(25):
        offered(cast.owner, f"source-{number:02}", title=f"Title {number:02}")
    first = text(Client().get("/catalogue?q=title&owner=owner&sort=title"))
    following = re.search(r'rel="next" href="(\?[^"]+)"', first)
    assert following
    assert following[1].startswith("?q=title&amp;owner=owner&amp;sort=title&amp;cursor=")
    page = text(Client().get("/catalogue" + following[1].replace("&amp;", "&")))
    assert page.count("<article") == 5
    assert 'rel="prev"' in page


def test_a_card_says_policy_price_quality_and_how_to_cite_but_never_the_text(scene: Scene) -> None:
    page = text(Client().get(f"/catalogue/{scene.alpine.slug}"))
    for part in (
        "It may be used for education and research.", "per nat of influence", "1.411", "1.231",
        "CC-BY-4.0", "may be quoted", "1840", "/v1/sources/alpine-plants/odrl", "[source]. http://testserver",
    ):  # fmt: skip
        assert part in page, part
    assert "Gentians flower late" not in page


def test_nothing_that_was_measured_on_a_source_in_the_privacy_regime_is_shown(scene: Scene) -> None:
    from tests.builders import publish

    publish(
        scene.cast.owner, scene.tides, regime="privacy", privacy={"budget_nats": 1, "eta": 0.1, "delta": 1e-6}
    )
    page = text(Client().get(f"/catalogue/{scene.tides.slug}"))
    assert "Nothing measured on its text is shown" in page
    assert "1.021" not in page
    assert "912" not in page
    compared = text(Client().get(f"/compare?source={scene.tides.slug}"))
    assert "not shown in the privacy regime" in compared


def test_a_card_does_not_say_whom_its_policy_names(cast: Cast) -> None:
    offered(
        cast.owner, "almanac", consumers={"allow": ["buyer", "*"], "deny": ["outsider"]},
        not_together_with=["secret-rival"], price_micro_usd_per_nat=7,
        prices=[{"consumer": "buyer", "price_micro_usd_per_nat": 3}],
    )  # fmt: skip
    for address in ("/catalogue/almanac", "/compare?source=almanac"):
        page = text(Client().get(address))
        assert "except those whom its owner has named" in page
        assert "as sources that its owner has named" in page
        for name in ("buyer", "outsider", "secret-rival", "3 micro-USD"):
            assert name not in page


def test_a_private_source_is_on_no_page_of_an_outsider(cast: Cast) -> None:
    offered(cast.owner, "sealed-box", visibility="private", **WHALES)
    for browser in (Client(), cast.outsider.browser, cast.operator.browser):
        hidden, absent = browser.get("/catalogue/sealed-box"), browser.get("/catalogue/absent")
        assert hidden.status_code == absent.status_code == 404
        token = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
        assert token.sub("", text(hidden)).replace("sealed-box", "") == token.sub("", text(absent)).replace(
            "absent", ""
        )
        for address in ("/catalogue", "/catalogue?owner=owner", "/compare?source=sealed-box"):
            assert "Whale" not in text(browser.get(address))
    own = cast.owner.browser
    assert "Recorded at Tristan." in text(own.get("/catalogue/sealed-box"))
    assert "Whale songs" in text(own.get("/catalogue"))


def test_a_source_on_request_shows_its_card_alone(cast: Cast) -> None:
    offered(cast.owner, "carded", visibility="listed_on_request", price_micro_usd_per_nat=1234, **WHALES)
    for address in ("/catalogue", "/catalogue/carded", "/compare?source=carded"):
        page = text(Client().get(address))
        assert "Whale songs" in page
        assert "Own terms" in page
        assert "Tristan" not in page
        assert "0.001234" not in page
    assert "Sign in to request access" in text(Client().get("/catalogue/carded"))


def test_up_to_three_stand_side_by_side(cast: Cast) -> None:
    for number in range(4):
        offered(cast.owner, f"s{number}", title=f"Title {number}")
    page = text(Client().get("/compare?source=s0&source=s1&source=s1&source=s2&source=s3&source=x"))
    assert [f"Title {number}" in page for number in range(4)] == [True, True, True, False]
    assert "Nothing to compare" in text(Client().get("/compare?source=x"))


def test_an_owner_chooses_who_finds_a_source_and_under_which_topics(scene: Scene) -> None:
    browser, slug = scene.cast.owner.browser, scene.alpine.slug
    browser.post(f"/sources/{slug}/topics", {"topic": ["environment", "science"]})
    browser.post(f"/sources/{slug}/visibility", {"visibility": "listed_on_request"})
    scene.alpine.refresh_from_db()
    assert scene.alpine.topics == ["environment", "science"]
    assert scene.alpine.visibility == "listed_on_request"
    four = {"topic": ["environment", "science", "health", "energy"]}
    refused = browser.post(f"/sources/{slug}/topics", four, follow=True)
    assert "At most 3 topics" in text(refused)


def test_the_list_takes_the_same_queries_whatever_its_length(cast: Cast) -> None:
    offered(cast.owner, "one")
    few = queries_of(cast.owner, "/catalogue")
    for number in range(10):
        offered(cast.owner, f"source-{number}")
    assert queries_of(cast.owner, "/catalogue") == few


def test_a_card_leads_to_asking_for_access(cast: Cast) -> None:
    offered(cast.owner, "carded", visibility="listed_on_request", **WHALES)
    page = text(cast.buyer.browser.get("/catalogue/carded"))
    assert 'href="/agreements?source=carded">Request access' in page
    assert 'value="carded"' in text(cast.buyer.browser.get("/agreements?source=carded"))
    assert "Request access" not in text(cast.owner.browser.get("/catalogue/carded"))
