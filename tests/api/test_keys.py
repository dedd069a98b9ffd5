"""/v1/keys: owners list, issue, rotate and revoke; a secret is told once; limits hold at every address."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from marketplace.models import ApiKey, KeptReply, Role
from tests.api.reading import problem
from tests.builders import draft_source, upload
from tests.cast import Actor

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def with_secret(cast, secret):
    client = cast.stranger
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def own(cast, name):
    return ApiKey.objects.get(organisation=cast.owner.organisation, name=name)


def test_a_key_is_issued_with_its_limits_and_told_once(cast):
    draft_source(cast.owner)
    wish = {
        "name": "nightly", "scopes": ["sources:read", "answers"], "source_slugs": ["almanac"],
        "purposes": ["research"], "default_purpose": "academic-research", "spend_cap_micro_usd": 5_000_000,
    }  # fmt: skip
    reply = cast.owner.api.post("/v1/keys", wish, format="json")
    assert reply.status_code == 201, reply.content
    assert reply.headers["Cache-Control"] == "no-store"
    told = reply.json()
    assert {name: told[name] for name in wish} == wish
    assert with_secret(cast, told["secret"]).get("/v1/sources/almanac").status_code == 200
    listed = cast.owner.api.get("/v1/keys").json()["results"]
    assert [one["name"] for one in listed] == ["nightly", "tests"]
    assert "secret" not in listed[0]
    assert told["secret"] not in str(listed)


def test_a_secret_is_not_kept_for_a_repeated_request(cast):
    for _ in range(2):
        reply = cast.owner.api.post(
            "/v1/keys", {"name": "twice"}, format="json", headers={"Idempotency-Key": "same"}
        )
        assert reply.status_code == 201
    assert not KeptReply.objects.exists()


def test_a_rotated_key_works_under_both_secrets_and_says_until_when(cast):
    key = own(cast, "tests")
    reply = cast.owner.api.post(f"/v1/keys/{key.pk}/rotate", {"overlap_hours": 2}, format="json")
    told = reply.json()
    assert (reply.status_code, told["secret_number"], told["prefix"]) == (200, 2, key.prefix)
    until = datetime.fromisoformat(told["previous_secret_works_until"])
    assert timedelta(hours=1, minutes=59) < until - timezone.now() <= timedelta(hours=2)
    for secret in (cast.owner.key, told["secret"]):
        assert with_secret(cast, secret).get("/v1/account").status_code == 200
    problem(cast.owner.api.post(f"/v1/keys/{key.pk}/rotate", {}, format="json"), 409, "rotation_under_way")
    problem(
        cast.owner.api.post(f"/v1/keys/{key.pk}/rotate", {"overlap_hours": 721}, format="json"),
        422,
        "invalid",
    )


def test_a_revoked_key_is_refused_by_the_next_request_under_both_secrets(cast):
    key = own(cast, "tests")
    told = cast.owner.api.post(f"/v1/keys/{key.pk}/rotate", {}, format="json").json()
    assert cast.owner.browser.post(f"/v1/keys/{key.pk}/revoke").json()["revoked_at"] is not None
    for secret in (cast.owner.key, told["secret"]):
        problem(with_secret(cast, secret).get("/v1/account"), 401, "invalid_api_key")


def test_a_key_hands_out_nothing_that_it_does_not_have(cast):
    narrow = cast.owner.key_for("organisation", "sources")
    assert narrow.post("/v1/keys", {"name": "a", "scopes": ["training"]}, format="json").status_code == 201
    problem(narrow.post("/v1/keys", {"name": "b"}, format="json"), 403, "more_than_itself")
    wide = own(cast, "tests")
    problem(narrow.post(f"/v1/keys/{wide.pk}/rotate", {}, format="json"), 403, "more_than_itself")


# --- a key that is limited to sources --------------------------------------------------------------------


@pytest.fixture
def limited(cast):
    for slug in ("almanac", "diary"):
        upload(cast.owner, draft_source(cast.owner, slug))
    return cast.owner.key_for("sources", source_slugs=["almanac"])


def test_to_a_limited_key_the_other_sources_do_not_exist(limited):
    assert limited.get("/v1/sources/almanac").status_code == 200
    for method, below in [
        ("get", ""),
        ("patch", ""),
        ("get", "/documents"),
        ("get", "/policy"),
        ("post", "/train"),
    ]:
        problem(getattr(limited, method)(f"/v1/sources/diary{below}"), 404, "not_found")
    assert [one["slug"] for one in limited.get("/v1/sources?mine=true").json()["results"]] == ["almanac"]


def test_a_limited_key_registers_nothing_and_reads_no_statement_of_all(limited):
    wish = {"slug": "third", "title": "Third"}
    problem(limited.post("/v1/sources", wish, format="json"), 403, "limited_key")
    problem(limited.get("/v1/earnings/statement"), 403, "limited_key")
    assert limited.get("/v1/sources/almanac/earnings/statement").status_code == 200


def test_jobs_of_other_sources_do_not_exist_for_a_limited_key(cast, limited, named_core, work_is_noted):
    for slug in ("almanac", "diary"):
        assert cast.owner.api.post(f"/v1/sources/{slug}/train", {}, format="json").status_code == 202
    (seen,) = limited.get("/v1/jobs").json()["results"]
    assert seen["source"] == "almanac"
    others = {one["id"] for one in cast.owner.api.get("/v1/jobs").json()["results"]} - {seen["id"]}
    problem(limited.get(f"/v1/jobs/{others.pop()}"), 404, "not_found")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"source": "diary", "purpose": "research"}, "source_not_allowed"),
        ({"source": "almanac", "purpose": "advertising"}, "purpose_not_allowed"),
    ],
)
def test_a_limited_key_asks_for_no_agreement_beyond_its_limits(cast, wish, code):
    for slug in ("almanac", "diary"):
        draft_source(cast.owner, slug)
    client = cast.owner.key_for("account", source_slugs=["almanac"], purposes=["research"])
    problem(client.post("/v1/agreements", wish, format="json"), 403, code)


def test_a_limited_key_decides_on_no_list_of_requests(cast, limited):
    wish = {"ids": ["00000000-0000-4000-8000-000000000001"], "decision": "approve"}
    problem(limited.post("/v1/access-requests/decide", wish, format="json"), 403, "limited_key")


def test_a_colleague_who_is_no_owner_sees_no_keys(cast):
    for role in (Role.EDITOR, Role.FINANCE, Role.VIEWER):
        colleague: Actor = cast.owner.colleague(role)
        problem(colleague.browser.get("/v1/keys"), 403, "permission_denied")
