"""The buyer's page of a stored answer, word by word: real numbers, steps for shades, nobody else's."""

import re

import pytest
from playwright.sync_api import sync_playwright

from marketplace.portal.figures import heat
from marketplace.token_map import TokenMap
from tests.pages.browsing import CHROMIUM, FLAGS, PICTURES

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def html(scene, receipt_id, query="", actor=None):
    reply = (actor or scene.cast.buyer).browser.get(f"/receipts/{receipt_id}/tokens{query}")
    return reply.status_code, reply.content.decode()


def test_the_page_shows_the_answer_in_shades_that_are_the_measured_ones(scene):
    told = scene.ask(max_tokens=16, abc={"explain": "tokens"}).json()["abc"]
    status, page = html(scene, told["receipt_id"])
    assert status == 200
    shown = re.findall(r'<span class="heat-(\d)(?: against)?" title="python-guide: ([\d.]+) nats', page)
    rows = [row for row in told["tokens"]["rows"] if row["text"]]
    moved = [row["sources"]["python-guide"]["symmetric"] for row in rows]
    assert [int(step) for step, _ in shown] == [heat.step(nats) for nats in moved]
    assert [float(nats) for _, nats in shown] == pytest.approx(moved, abs=6e-4)
    assert " style=" not in page
    assert "<script>" not in page


def test_the_receipt_leads_to_it_and_a_text_is_never_markup(scene, monkeypatch):
    told = scene.ask().json()["abc"]
    receipt = scene.cast.buyer.browser.get(f"/receipts/{told['receipt_id']}").content.decode()
    assert f"/receipts/{told['receipt_id']}/tokens" in receipt
    moved = {"gamma_effective": 1.0, "forward": 0.0, "reverse": 0.0, "symmetric": 3.0, "help_nats": -1.0}
    row = {"text": "<script>alert(1)</script>", "sources": {"python-guide": moved}}
    found = TokenMap(rows=(row,), of=1)
    monkeypatch.setattr("marketplace.portal.views.tokens.token_map", lambda **_asked: found)
    _, page = html(scene, told["receipt_id"])
    assert "<script>alert" not in page
    assert 'class="heat-6 against"' in page


def test_of_several_voters_one_can_be_chosen(scene):
    scene.offer("python-guide", scene.cast.second_owner, as_slug="other-guide")
    receipt_id = scene.ask().json()["abc"]["receipt_id"]
    _, page = html(scene, receipt_id, "?source=other-guide")
    assert "What other-guide moved" in page
    assert 'title="python-guide' not in page
    _, page = html(scene, receipt_id, "?source=nobody&first=zzz")
    assert "What the sources moved" in page


def test_nobody_else_opens_it_and_a_reason_stands_where_there_is_none(scene):
    receipt_id = scene.ask(abc={"store": False}).json()["abc"]["receipt_id"]
    assert "No transcript was kept" in html(scene, receipt_id)[1]
    for actor in (scene.cast.owner, scene.cast.outsider):
        assert html(scene, receipt_id, actor=actor)[0] == 404


@pytest.mark.parametrize(
    ("nats", "step"), [(0.0, 0), (0.009, 0), (0.01, 1), (0.3, 3), (1.999, 5), (2.0, 6), (99.0, 6)]
)
def test_a_shade_is_a_step_of_nats(nats, step):
    assert heat.step(nats) == step


@pytest.mark.browser
def test_the_page_in_a_browser_has_a_picture_and_no_word_is_cut(scene, settings):
    receipt_id = scene.ask(max_tokens=48, temperature=0.3).json()["abc"]["receipt_id"]
    _, page = html(scene, receipt_id)
    css = (settings.BASE_DIR / "marketplace/static/marketplace/app.css").read_text()
    page = re.sub(r'<link rel="stylesheet"[^>]*app[^>]*>', f"<style>{css}</style>", page)
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            seen = browser.new_page(viewport={"width": 1280, "height": 900})
            seen.set_content(page)
            seen.screenshot(path=PICTURES / "heat-map.png", full_page=True)
            assert seen.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            shaded = seen.locator(".heat span").first
            assert shaded.evaluate("node => getComputedStyle(node).borderRadius") == "3px"
        finally:
            browser.close()
