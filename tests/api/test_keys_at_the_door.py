"""Which keys get in. What each of them opens is said in tests/who_may."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace import access
from marketplace.models import ApiKey, Membership, Role
from tests.api.reading import problem

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def test_without_a_key_the_way_to_one_is_told(cast):
    response = cast.stranger.get("/v1/sources")
    assert problem(response, 401, "unauthenticated")["next_step"].startswith("Send `Authorization")
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


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
