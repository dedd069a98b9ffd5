"""The source's page shows what texts say about their own use, and takes the owner's word on it."""

import pytest

from marketplace.models import Role
from tests.builders import draft_source, publish, upload
from tests.cast import Cast
from tests.pages.browsing import chromium, window
from tests.pages.test_forms import text_file

PAGE = "/sources/almanac"
TERMS = (
    "---\ntitle: Gentians\nContent-Usage: train-ai=n, search=n, levitate=n\n---\nThey flower late.\n"
    '<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license>'
    '<prohibits type="user">commercial</prohibits>'
    '<payment type="use"><amount currency="USD">0.015</amount></payment>'
    "</license></content></rsl>\n"
)


@pytest.fixture
def stated(cast: Cast, named_core: None) -> Cast:
    source = draft_source(cast.owner)
    upload(cast.owner, source, text=TERMS, name="gentians.md")
    publish(cast.owner, source, quote=True, purposes={"allow": ["*"]})
    return cast


@pytest.mark.django_db
def test_findings_are_shown_with_what_they_mean_and_what_the_policy_allows_against_them(stated: Cast) -> None:
    page = stated.owner.browser.get(PAGE).content.decode()
    assert "5 of 5 wait for you" in page
    assert "gentians.md, line 3" in page
    assert "The policy lets passages be quoted." in page
    assert "The policy allows the purpose &#x27;commercial&#x27;." in page
    assert "advertising" not in page, "what lies within it is not repeated"
    assert "The category &#x27;levitate&#x27; is not known here." in page


@pytest.mark.django_db
def test_a_page_without_terms_has_no_such_section(cast: Cast, named_core: None) -> None:
    upload(cast.owner, draft_source(cast.owner))
    assert "about their own use" not in cast.owner.browser.get(PAGE).content.decode()


@pytest.mark.django_db
def test_an_upload_that_states_terms_leads_to_them(cast: Cast, named_core: None) -> None:
    draft_source(cast.owner)
    reply = cast.owner.browser.post(
        f"{PAGE}/documents", {"documents": [text_file(TERMS.encode(), "gentians.md")]}, follow=True
    )
    assert reply.redirect_chain == [(PAGE, 302)]
    assert "Its texts state 5 terms about their own use" in reply.content.decode()


@pytest.mark.django_db
def test_a_refused_decision_is_shown_and_nothing_is_kept(stated: Cast) -> None:
    browser = stated.owner.browser
    finding = stated.owner.api.get(f"/v1{PAGE}/rights").json()["results"][0]["id"]
    for values in ({"finding": finding, "decision": "does_not_apply"}, {"decision": "applies"}, {}):
        browser.post(f"{PAGE}/rights", values)
        assert "5 of 5 wait for you" in browser.get(PAGE).content.decode()


@pytest.mark.django_db
def test_a_viewer_reads_and_has_no_buttons(stated: Cast) -> None:
    browser = stated.owner.colleague(Role.VIEWER).browser
    page = browser.get(PAGE).content.decode()
    assert "5 of 5 wait for you" in page
    assert "It applies" not in page
    finding = stated.owner.api.get(f"/v1{PAGE}/rights").json()["results"][0]["id"]
    assert browser.post(f"{PAGE}/rights", {"finding": finding, "decision": "applies"}).status_code == 403


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_an_owner_decides_one_by_one_in_a_browser(stated: Cast, live_server) -> None:
    with chromium() as browser, window(browser, live_server.url) as seen:
        seen.sign_in("owner")
        seen.open(PAGE)
        seen.picture("rights-waiting")
        section = seen.page.locator("section:has(#rights)")
        section.get_by_text("It does not apply…").first.click()
        section.get_by_label("Why?").first.fill("We wrote it ourselves.")
        section.get_by_role("button", name="Set it aside").first.click()
        section.get_by_text("4 of 5 wait for you").wait_for()
        for left in (3, 2, 1):
            section.get_by_role("button", name="It applies").first.click()
            section.get_by_text(f"{left} of 5 wait for you").wait_for()
        section.get_by_role("button", name="It applies").first.click()
        section.get_by_text("all 5 decided").wait_for()
        section.get_by_text("What it would say with them").click()
        section.get_by_text("Its passages are never shown.").wait_for()
        seen.picture("rights-draft")
        section.get_by_role("button", name="Publish it with these terms").click()
        seen.page.get_by_text("the policy keeps to the terms of your texts").wait_for()
        assert section.get_by_role("button", name="Publish it with these terms").count() == 0
        section.get_by_text("Decided", exact=True).click()
        seen.picture("rights-decided")
    with chromium() as browser, window(browser, live_server.url, scheme="dark", width=360) as seen:
        seen.sign_in("owner")
        seen.open(PAGE)
        assert seen.fits_its_width()
        seen.picture("rights-narrow")
