"""Who gets in: every address needs a key or a sign-in, and the key's scope."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace import access
from marketplace.models import ApiKey, Membership, Role
from tests.api.reading import problem
from tests.builders import draft_source

pytestmark = [pytest.mark.books, pytest.mark.django_db]

ADDRESSES = [
    ("get", "/v1/sources", "sources"),
    ("post", "/v1/sources", "sources"),
    ("get", "/v1/sources/almanac", "sources"),
    ("patch", "/v1/sources/almanac", "sources"),
    ("get", "/v1/sources/almanac/documents", "sources"),
    ("post", "/v1/sources/almanac/documents", "sources"),
    ("post", "/v1/sources/almanac/train", "sources"),
    ("get", "/v1/sources/almanac/policy", "sources"),
    ("put", "/v1/sources/almanac/policy", "sources"),
    ("post", "/v1/sources/almanac/policy/validate", "sources"),
    ("post", "/v1/sources/almanac/suspend", "sources"),
    ("post", "/v1/sources/almanac/resume", "sources"),
    ("post", "/v1/sources/almanac/withdraw", "sources"),
    ("get", "/v1/sources/almanac/budgets", "sources"),
    ("get", "/v1/sources/almanac/partitions", "sources"),
    ("get", "/v1/sources/almanac/earnings", "sources"),
    ("get", "/v1/jobs", "sources"),
    ("get", "/v1/jobs/1", "sources"),
    ("post", "/v1/jobs/1/cancel", "sources"),
    ("get", "/v1/account", "account"),
    ("get", "/v1/account/usage", "account"),
]
OF_ITS_OWNER = [one for one in ADDRESSES if "/almanac/" in one[1] or one[0] == "patch"]


@pytest.mark.parametrize(("method", "address", "scope"), ADDRESSES)
def test_without_a_key_nothing_opens(cast, method, address, scope):
    response = getattr(cast.stranger, method)(address)
    assert problem(response, 401, "unauthenticated")["next_step"].startswith("Send `Authorization")
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize(("method", "address", "scope"), ADDRESSES)
def test_a_key_without_the_scope_opens_nothing(cast, method, address, scope):
    other = "account" if scope == "sources" else "sources"
    body = problem(getattr(cast.owner.key_for(other), method)(address), 403, "permission_denied")
    assert body["scope"] == scope


@pytest.mark.parametrize(("method", "address", "scope"), OF_ITS_OWNER)
def test_what_is_below_a_source_is_not_found_for_everybody_else(cast, method, address, scope):
    draft_source(cast.owner)
    for actor in (cast.second_owner, cast.buyer, cast.outsider):
        problem(getattr(actor.api, method)(address, format=_format(address)), 404, "not_found")


def _format(address: str) -> str | None:
    return "multipart" if address.endswith("documents") else "json"


def test_a_key_that_was_made_up_is_refused(cast):
    client = cast.stranger
    client.credentials(HTTP_AUTHORIZATION="Bearer dvm_00000000_nothing")
    problem(client.get("/v1/account"), 401, "invalid_api_key")


def test_a_key_with_the_right_prefix_and_another_secret_is_refused(cast):
    client = cast.stranger
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {cast.owner.key[:-4]}AAAA")
    problem(client.get("/v1/account"), 401, "invalid_api_key")


def test_a_revoked_key_stops_at_once(cast):
    assert cast.owner.api.get("/v1/account").status_code == 200
    key = ApiKey.objects.get(organisation=cast.owner.organisation)
    access.revoke_key(key=key, acting_user=cast.owner.user, now=timezone.now())
    problem(cast.owner.api.get("/v1/account"), 401, "invalid_api_key")


def test_an_expired_key_is_refused(cast):
    client = cast.owner.key_for("account", expires_at=timezone.now() + timedelta(hours=1))
    assert client.get("/v1/account").status_code == 200
    late = timezone.now() + timedelta(hours=2)
    assert access.authenticate(client._credentials["HTTP_AUTHORIZATION"][7:], now=late) is None


def test_the_key_of_somebody_who_left_is_refused(cast):
    colleague = cast.owner.colleague(Role.EDITOR)
    assert colleague.api.get("/v1/account").status_code == 200
    Membership.objects.filter(user=colleague.user).delete()
    problem(colleague.api.get("/v1/account"), 401, "invalid_api_key")


def test_somebody_signed_in_acts_for_their_organisation(cast):
    assert cast.owner.browser.get("/v1/account").json()["organisation"] == "owner"


def test_a_key_is_throttled_with_the_time_to_wait(cast, settings):
    settings.API_REQUESTS_PER_MINUTE = 2
    client = cast.outsider.key_for("account")
    answers = [client.get("/v1/account") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    problem(answers[-1], 429, "rate_limited")
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
