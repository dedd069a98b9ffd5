"""What holds for every page: it renders with and without data, keeps to its host, and says its units."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone

from tests.cast import Cast
from tests.pages.addresses import OF_ALL, pages
from tests.pages.scene import Scene, pay, private_body

pytestmark = pytest.mark.django_db

STRICT = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}


class _Looker(HTMLParser):
    """Notes what a page would load or run, and which ids and labels it has."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.inputs: list[dict[str, str | None]] = []
        self.open_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._look_at_addresses(tag, values)
        if "style" in values or tag == "style" or (tag == "script" and "src" not in values):
            self.problems.append(f"inline <{tag}>")
        self.problems.extend(f"handler {name}" for name in values if name.startswith("on"))
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag == "label" and values.get("for"):
            self.labelled.add(str(values["for"]))
        if tag in {"input", "select", "textarea"} and values.get("type") not in {"hidden", "submit"}:
            self.inputs.append(values)

    def _look_at_addresses(self, tag: str, values: dict[str, str | None]) -> None:
        for name in ("src", "href", "action", "data-preview", "data-progress"):
            address = values.get(name) or ""
            if re.match(r"(?i)([a-z]+:)?//|javascript:|data:", address):
                self.problems.append(f"<{tag} {name}={address}>")


def look_at(reply: Any) -> _Looker:
    looker = _Looker()
    looker.feed(reply.getvalue().decode())
    return looker


def assert_is_a_good_page(address: str, reply: Any) -> None:
    looker = look_at(reply)
    assert looker.problems == [], address
    assert len(looker.ids) == len(set(looker.ids)), address
    unlabelled = [one for one in looker.inputs if one.get("id") not in looker.labelled]
    assert unlabelled == [], address
    directives = {part.strip() for part in reply["Content-Security-Policy"].split(";")}
    assert directives >= STRICT, address


def test_pages_with_data_keep_to_their_host_and_label_their_fields(scene: Scene) -> None:
    for address in pages(scene):
        reply = scene.cast.owner.browser.get(address)
        if reply["Content-Type"].startswith("text/html") and reply.status_code == 200:
            assert_is_a_good_page(address, reply)


def test_pages_without_data_say_what_to_do_next(cast: Cast) -> None:
    expected = {
        "/": "Three steps until your data votes",
        "/sources": "No source yet",
        "/sources/new": "What happens",
        "/earnings": "Nothing earned yet",
        "/account": "No answer yet",
        "/keys": "Issue a key",
        "/wallet": "Nothing has moved yet",
    }
    for address in OF_ALL:
        reply = cast.outsider.browser.get(address)
        assert reply.status_code == 200, address
        if address in expected:
            assert expected[address] in reply.content.decode(), address
            assert_is_a_good_page(address, reply)


def test_the_pages_of_a_bare_draft_render(scene: Scene) -> None:
    for part in ("", "/documents", "/policy"):
        reply = scene.cast.owner.browser.get(f"/sources/parish-registers{part}")
        assert reply.status_code == 200, part
        assert_is_a_good_page(part, reply)
    page = scene.cast.owner.browser.get("/sources/parish-registers").content.decode()
    assert "No policy yet, so nobody is answered" in page
    assert "There is none yet" in page


def test_error_pages_are_styled_and_say_what_happened(cast: Cast) -> None:
    for browser in (Client(), cast.owner.browser):
        reply = browser.get("/there/is/nothing")
        assert reply.status_code == 404
        assert "There is nothing here" in reply.content.decode()
        assert_is_a_good_page("404", reply)


def test_a_defect_of_ours_gets_a_page_that_gives_nothing_away(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("marketplace.portal.views.home.sources_of", broken)
    browser = Client(raise_request_exception=False)
    browser.force_login(cast.owner.user)
    reply = browser.get("/")
    assert reply.status_code == 500
    assert "Something broke on our side" in reply.content.decode()
    assert "secret detail" not in reply.content.decode()


def test_every_stylesheet_and_module_is_our_own_and_reaches_no_other_host() -> None:
    for name in (
        "app.css",
        "icon.svg",
        "copy.js",
        "files.js",
        "policy.js",
        "progress.js",
        "print.js",
        "statement.css",
    ):
        path = finders.find(f"marketplace/{name}")
        assert path, name
        lines = Path(path).read_text().splitlines()
        foreign = [line for line in lines if re.search(r"https?://(?!www\.w3\.org/2000/svg)", line)]
        assert foreign == [], name
        assert not name.endswith(".js") or len(lines) < 60, name
        assert not name.endswith(".css") or len(lines) <= 600, name


def test_signing_in_says_what_is_wrong_and_leads_on(cast: Cast) -> None:
    browser = Client()
    assert_is_a_good_page("/sign-in", browser.get("/sign-in"))
    refused = browser.post("/sign-in", {"username": "owner", "password": "wrong"})
    assert "Please enter a correct username and password" in refused.content.decode()
    assert 'value="owner"' in refused.content.decode()
    entered = browser.post(
        "/sign-in", {"username": "owner", "password": "a long pass phrase", "next": "/earnings"}
    )
    assert entered.headers["Location"] == "/earnings"
    assert browser.post("/sign-out").headers["Location"] == "/sign-in"
    assert browser.get("/").status_code == 302


def test_signing_in_never_leads_to_another_host(cast: Cast) -> None:
    reply = Client().post(
        "/sign-in", {"username": "owner", "password": "a long pass phrase", "next": "https://evil.example/"}
    )
    assert reply.headers["Location"] == "/"


def test_shared_influence_is_a_signed_line_with_its_meaning_for_buyer_and_owner(scene: Scene) -> None:
    for actor in (scene.cast.buyer, scene.cast.owner):
        page = actor.browser.get(f"/receipts/{scene.receipt.pk}").content.decode()
        assert "Shared influence<small>Together the sources moved more than the sum" in page
        assert "+3.418 <span" in page


def test_a_private_receipt_has_no_line_of_shared_influence(scene: Scene) -> None:
    receipt = pay(scene.cast.buyer, {scene.tides: 1.0}, timezone.now(), body=private_body)
    page = scene.cast.buyer.browser.get(f"/receipts/{receipt.pk}").content.decode()
    assert "Shared influence" not in page


def test_shares_of_a_receipt_sum_to_a_hundred(scene: Scene) -> None:
    page = scene.cast.buyer.browser.get(f"/receipts/{scene.receipt.pk}").content.decode()
    shares = [float(share) for share in re.findall(r"<small>([\d.]+)% of what is shown", page)]
    assert len(shares) == 3
    assert round(sum(shares), 1) == 100.0
