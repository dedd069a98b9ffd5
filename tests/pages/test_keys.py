"""The keys page: limits as they are typed, a secret shown once, rotation with both secrets in view."""

import re

import pytest
from django.utils import timezone

from marketplace import access
from marketplace.models import ApiKey
from tests.builders import draft_source
from tests.cast import Cast
from tests.pages.test_every_page import assert_is_a_good_page

pytestmark = pytest.mark.django_db


def secret_in(page: str) -> str:
    found = re.search(r"dvm_[0-9a-f]{8}_[\w-]{43}", page)
    assert found
    return found[0]


def rotate(cast: Cast, key: ApiKey, hours: int = 24):
    return cast.owner.browser.post(
        f"/keys/{key.pk}/rotate", {f"key-{key.pk}-overlap_hours": hours}, follow=True
    )


def test_a_key_is_issued_for_some_sources_and_purposes_and_shown_once(cast: Cast) -> None:
    for slug in ("almanac", "diary"):
        draft_source(cast.owner, slug)
    browser = cast.owner.browser
    values = {
        "name": "nightly", "scopes": ["sources:read", "plan"], "source_slugs": "almanac\r\n diary,almanac",
        "purposes": ["research"], "default_purpose": "medical-research",
    }  # fmt: skip
    reply = browser.post("/keys", values)
    assert_is_a_good_page("/keys", reply)
    secret = secret_in(reply.content.decode())
    key = access.authenticate(secret, now=timezone.now())
    assert key is not None
    assert (key.source_slugs, key.purposes) == (["almanac", "diary"], ["research"])
    page = browser.get("/keys").content.decode()
    assert secret not in page
    assert "only on almanac, diary" in page
    assert "only for research" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source_slugs": "there-is-none"}, "There is no source &#x27;there-is-none&#x27;"),
        ({"purposes": ["research"], "default_purpose": "advertising"}, "not among the purposes"),
        ({"scopes": []}, "Choose at least one thing"),
    ],
)
def test_limits_that_make_no_sense_are_said_and_what_was_typed_stays(cast: Cast, changes, said) -> None:
    reply = cast.owner.browser.post("/keys", {"name": "nightly", "scopes": ["plan"], **changes})
    assert reply.status_code == 422
    assert said in reply.content.decode()
    assert 'value="nightly"' in reply.content.decode()


def test_a_rotated_key_shows_its_new_secret_once_and_until_when_the_old_one_works(cast: Cast) -> None:
    key = ApiKey.objects.get(created_by=cast.owner.user)
    reply = rotate(cast, key)
    assert reply.headers["Cache-Control"] == "no-store"
    new = secret_in(reply.content.decode())
    for secret in (new, cast.owner.key):
        assert access.authenticate(secret, now=timezone.now()) == key
    page = cast.owner.browser.get("/keys").content.decode()
    assert new not in page
    assert "The secret before works until" in page
    assert "still works until" in rotate(cast, key).content.decode()
    ended = cast.owner.browser.post(f"/keys/{key.pk}/end-previous", follow=True).content.decode()
    assert "Only the newest secret" in ended
    assert access.authenticate(cast.owner.key, now=timezone.now()) is None
    assert access.authenticate(new, now=timezone.now()) == key


def test_an_overlap_that_is_not_offered_changes_nothing(cast: Cast) -> None:
    key = ApiKey.objects.get(created_by=cast.owner.user)
    assert "Choose how long" in rotate(cast, key, hours=5000).content.decode()
    key.refresh_from_db()
    assert key.secret_number == 1
