"""`Idempotency-Key` on the owners' POSTs: a repeat gets the first outcome, and nothing happens twice."""

import pytest

from marketplace.models import Job, KeptReply, Source, SourceVersion
from tests.api.reading import file, problem
from tests.builders import draft_source, upload

pytestmark = [pytest.mark.books, pytest.mark.django_db]

KEY = {"Idempotency-Key": "once"}
SOURCE = {"slug": "almanac", "title": "Almanac", "description": "Tides.", "license": "CC0-1.0"}


def register(actor, key=KEY, **changes):
    return actor.api.post("/v1/sources", {**SOURCE, **changes}, format="json", headers=key)


def test_a_registration_repeated_under_its_key_is_the_first_one(cast):
    first, again = register(cast.owner), register(cast.owner)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Location"] == first["Location"] == "/v1/sources/almanac"
    assert Source.objects.count() == 1


def test_the_same_key_with_other_content_is_a_conflict(cast):
    register(cast.owner)
    problem(register(cast.owner, slug="herbal"), 409, "idempotency_key_reused")
    assert Source.objects.count() == 1


def test_the_same_key_at_another_address_is_a_conflict(cast):
    register(cast.owner)
    again = cast.owner.api.post("/v1/sources/almanac/suspend", SOURCE, format="json", headers=KEY)
    problem(again, 409, "idempotency_key_reused")


def test_without_a_key_a_repeat_is_an_ordinary_conflict(cast):
    register(cast.owner, key={})
    problem(register(cast.owner, key={}), 409, "slug_taken")
    assert not KeptReply.objects.exists()


def test_another_organisation_has_keys_of_its_own(cast):
    register(cast.owner)
    assert register(cast.second_owner, slug="herbal").status_code == 201


def test_a_refusal_is_not_kept_and_may_be_mended_under_the_same_key(cast):
    problem(register(cast.owner, slug="No Slug"), 422, "invalid_slug")
    assert register(cast.owner).status_code == 201


def test_an_upload_repeated_under_its_key_makes_one_version(cast):
    draft_source(cast.owner)
    replies = [
        cast.owner.api.post(
            "/v1/sources/almanac/documents",
            {"files": [file(content=b"Tides.")]},
            format="multipart",
            headers=KEY,
        )
        for _ in range(2)
    ]
    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[0].json() == replies[1].json()
    assert SourceVersion.objects.count() == 1


def test_an_upload_of_other_bytes_under_the_same_key_is_a_conflict(cast):
    draft_source(cast.owner)
    first, other = (
        cast.owner.api.post(
            "/v1/sources/almanac/documents",
            {"files": [file(content=content)]},
            format="multipart",
            headers=KEY,
        )
        for content in (b"Tides.", b"Moons.")
    )
    assert first.status_code == 201
    problem(other, 409, "idempotency_key_reused")


def test_a_training_repeated_under_its_key_is_one_job(cast, named_core, work_is_noted):
    upload(cast.owner, draft_source(cast.owner))
    replies = [
        cast.owner.api.post("/v1/sources/almanac/train", {}, format="json", headers=KEY) for _ in range(2)
    ]
    assert replies[0].json() == replies[1].json()
    assert Job.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x01b"])
def test_a_key_that_is_no_key_is_invalid(cast, key):
    problem(register(cast.owner, key={"Idempotency-Key": key}), 422, "invalid")
    assert not Source.objects.exists()
