"""The portal downloads a policy as an ODRL offer and imports one, or says at which place it cannot."""

import json

import pytest

from marketplace.models import PolicyVersion, Role
from tests.builders import draft_source, publish
from tests.cast import Cast
from tests.pages.browsing import chromium, window
from tests.pages.test_forms import text_file

PAGE = "/sources/almanac/policy/odrl"


@pytest.fixture
def offered(cast: Cast, named_core: None) -> Cast:
    publish(cast.owner, draft_source(cast.owner), quote=True)
    return cast


def send(cast: Cast, content: bytes, who: str = "owner", name: str = "offer.jsonld"):
    return getattr(cast, who).browser.post(PAGE, {"offer": text_file(content, name)}, follow=True)


def downloaded(cast: Cast) -> dict:
    reply = cast.owner.browser.get(f"{PAGE}.jsonld")
    assert reply["Content-Disposition"] == 'attachment; filename="almanac-policy-1.jsonld"'
    assert reply["Content-Type"] == "application/ld+json"
    offer: dict = json.loads(reply.content)
    return offer


@pytest.mark.django_db
def test_what_was_downloaded_is_imported_as_the_version_that_is_in_force(offered: Cast) -> None:
    reply = send(offered, json.dumps(downloaded(offered)).encode())
    assert "Imported: this is version 1 of the policy." in reply.content.decode()
    assert PolicyVersion.objects.count() == 1


@pytest.mark.django_db
def test_a_changed_offer_is_published(offered: Cast) -> None:
    offer = downloaded(offered)
    offer["permission"][0]["duty"].append({"action": "obtainConsent"})
    reply = send(offered, json.dumps(offer).encode())
    assert "Imported: this is version 2 of the policy." in reply.content.decode()
    assert PolicyVersion.objects.get(number=2).plain["approval"] == "required"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "The file is not JSON in UTF-8."),
        (b"\xff\xfe", "The file is not JSON in UTF-8."),
        (b"[" * 100_000, "The file is not JSON in UTF-8."),
        (b"[]", "The file holds no JSON object."),
        (b'{"a": ' + b"1" * 1_100_000 + b"}", "An offer has at most 1 MB."),
        (b"{}", "The context must be"),
    ],
)
def test_a_file_that_is_no_offer_is_refused_in_words(offered: Cast, content: bytes, sentence: str) -> None:
    reply = send(offered, content)
    assert reply.status_code == 422
    assert sentence in reply.content.decode()
    assert PolicyVersion.objects.count() == 1


@pytest.mark.django_db
def test_a_source_without_a_policy_has_nothing_to_download(cast: Cast, named_core: None) -> None:
    draft_source(cast.owner)
    assert cast.owner.browser.get(f"{PAGE}.jsonld").status_code == 404
    page = cast.owner.browser.get(PAGE).content.decode()
    assert "There is no policy yet." in page
    assert "odrl.jsonld" not in page


@pytest.mark.django_db
def test_a_viewer_downloads_and_does_not_import(offered: Cast) -> None:
    browser = offered.owner.colleague(Role.VIEWER).browser
    page = browser.get(PAGE).content.decode()
    assert "Download ODRL" in page
    assert "Import and publish" not in page


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_an_owner_takes_an_offer_out_and_is_told_where_another_one_is_wrong(
    offered: Cast, live_server, tmp_path
) -> None:
    with chromium() as browser, window(browser, live_server.url) as seen:
        seen.sign_in("owner")
        seen.open("/sources/almanac/policy")
        with seen.page.expect_download() as download:
            seen.page.get_by_role("link", name="Download ODRL").click()
        offer = json.loads(download.value.path().read_text())
        seen.page.get_by_role("link", name="Import ODRL").click()
        offer["permission"][0]["constraint"].append(
            {"leftOperand": "count", "operator": "lteq", "rightOperand": 5}
        )
        seen.page.get_by_label("ODRL offer").set_input_files(
            {"name": "offer.jsonld", "mimeType": "application/ld+json", "buffer": json.dumps(offer).encode()}
        )
        seen.picture("odrl-page")
        seen.complaints.clear()
        seen.page.get_by_role("button", name="Import and publish").click()
        seen.page.get_by_text("The operand 'count' is not known here.").wait_for()
        seen.picture("odrl-refused")
        assert all("422" in complaint for complaint in seen.complaints), "the page's own status, and no more"
        seen.complaints.clear()
    with chromium() as browser, window(browser, live_server.url, scheme="dark", width=360) as seen:
        seen.sign_in("owner")
        seen.open(PAGE)
        assert seen.fits_its_width()
        seen.picture("odrl-narrow")
