"""/v1/sources: register, list, read, describe."""

import pytest

from marketplace import standing
from marketplace.models import Role, Source
from tests.api.reading import problem
from tests.builders import draft_source, live_source

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]

NEW = {"slug": "almanac", "title": "Almanac", "description": "Facts.", "license": "CC-BY-4.0"}


def test_an_owner_registers_a_source(cast):
    response = cast.owner.api.post("/v1/sources", NEW, format="json")
    assert response.status_code == 201
    assert response["Location"] == "/v1/sources/almanac"
    body = response.json()
    assert body["state"] == "draft"
    assert body["organisation"] == "owner"
    assert (body["version"], body["documents"], body["votes"], body["terms"]) == (None, 0, False, None)
    assert Source.objects.get().organisation == cast.owner.organisation


@pytest.mark.parametrize("role", [Role.FINANCE, Role.VIEWER])
def test_a_role_that_does_not_edit_cannot_register(cast, role):
    problem(cast.owner.colleague(role).api.post("/v1/sources", NEW, format="json"), 403, "permission_denied")


def test_an_editor_can_register(cast):
    response = cast.owner.colleague(Role.EDITOR).api.post("/v1/sources", NEW, format="json")
    assert response.status_code == 201


def test_a_slug_is_taken_once_in_the_whole_market(cast):
    draft_source(cast.second_owner)
    problem(cast.owner.api.post("/v1/sources", NEW, format="json"), 409, "slug_taken")


@pytest.mark.parametrize("slug", ["", "Two Words", "UPPER", "a/b", "ä", "x" * 65])
def test_a_bad_slug_is_invalid(cast, slug):
    response = cast.owner.api.post("/v1/sources", {**NEW, "slug": slug}, format="json")
    assert response.status_code == 422


def test_an_unknown_field_is_refused_by_name(cast):
    response = cast.owner.api.post("/v1/sources", {**NEW, "licence": "x"}, format="json")
    assert problem(response, 422, "invalid")["problems"][0]["path"] == "$.licence"


def test_a_missing_field_is_named(cast):
    response = cast.owner.api.post("/v1/sources", {"slug": "x"}, format="json")
    assert problem(response, 422, "invalid")["problems"][0]["path"] == "$.title"


def test_a_body_that_is_not_json_says_so(cast):
    response = cast.owner.api.post("/v1/sources", b"{nope", content_type="application/json")
    problem(response, 400, "bad_json")


def test_a_body_that_is_no_object_says_so(cast):
    problem(cast.owner.api.post("/v1/sources", [1], format="json"), 422, "invalid")


def test_another_content_type_is_refused(cast):
    response = cast.owner.api.post("/v1/sources", b"<x/>", content_type="application/xml")
    problem(response, 415, "unsupported_media_type")


def test_everybody_finds_what_is_live_and_nobody_else_finds_a_draft(cast):
    live_source(cast.owner)
    draft_source(cast.owner, "hidden")
    for actor in (cast.buyer, cast.outsider):
        found = actor.api.get("/v1/sources").json()
        assert [one["slug"] for one in found["results"]] == ["almanac"]
        assert set(found) == {"results", "next", "previous"}
        assert found["results"][0]["terms"]["price_micro_usd_per_nat"] == 20
        assert "suspended_by_operator" not in found["results"][0]
        problem(actor.api.get("/v1/sources/hidden"), 404, "not_found")
        assert actor.api.get("/v1/sources/almanac").status_code == 200


def test_an_unknown_source_reads_like_an_invisible_one(cast):
    draft_source(cast.owner, "hidden")
    hidden = problem(cast.buyer.api.get("/v1/sources/hidden"), 404, "not_found")
    absent = problem(cast.buyer.api.get("/v1/sources/absent"), 404, "not_found")
    assert {**hidden, "detail": "", "source": ""} == {**absent, "detail": "", "source": ""}


def test_mine_lists_ones_own_in_every_state(cast):
    live_source(cast.second_owner, "ballads")
    draft_source(cast.owner, "hidden")
    source = live_source(cast.owner)
    standing.withdraw(source=source, acting_user=cast.owner.user, now=source.created_at)
    found = cast.owner.api.get("/v1/sources?mine=true").json()["results"]
    assert {one["slug"]: one["state"] for one in found} == {"almanac": "withdrawn", "hidden": "draft"}


def test_pages_follow_each_other(cast):
    for number in range(5):
        live_source(cast.owner, f"source-{number}")
    seen, address = [], "/v1/sources?page_size=2"
    while address:
        page = cast.buyer.api.get(address).json()
        seen += [one["slug"] for one in page["results"]]
        address = page["next"]
    assert seen == [f"source-{number}" for number in range(5)]


def test_an_owner_changes_the_title_and_nobody_else_does(cast):
    draft_source(cast.owner)
    response = cast.owner.api.patch("/v1/sources/almanac", {"title": "New"}, format="json")
    assert (response.status_code, response.json()["title"]) == (200, "New")
    viewer = cast.owner.colleague(Role.VIEWER).api
    problem(viewer.patch("/v1/sources/almanac", {"title": "X"}, format="json"), 403, "permission_denied")


def test_an_address_that_does_not_exist_is_a_problem_too(cast):
    response = cast.owner.api.get("/v1/nothing-here")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_ones_own_list_takes_the_same_queries_however_long_it_is(cast, django_assert_max_num_queries):
    for number in range(8):
        live_source(cast.owner, f"source-{number}")
    with django_assert_max_num_queries(4):
        found = cast.owner.api.get("/v1/sources?mine=true").json()["results"]
    assert {(one["version"], one["documents"], one["votes"]) for one in found} == {(1, 1, True)}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"slug": "a", "title": "a\\u0000b"}', 422, "invalid"),
        (b'{"slug": "a", "title": "\\ud800"}', 422, "invalid"),
        (b'{"slug": "a", "title": "a", "\\ud800": 1}', 422, "invalid"),
        (b"[" * 100_000, 400, "bad_json"),
        (b'{"slug": 1' + b"0" * 5000 + b"}", 400, "bad_json"),
        (b"\xff\xfe", 400, "bad_json"),
        (b"", 422, "invalid"),
    ],
)
def test_a_hostile_body_is_a_problem_like_any_other(cast, body, status, code):
    problem(cast.owner.api.post("/v1/sources", body, content_type="application/json"), status, code)


def test_a_body_that_is_too_long_is_refused_before_it_is_read(cast, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 20
    problem(cast.owner.api.post("/v1/sources", NEW, format="json"), 413, "too_large")


def test_the_terms_of_a_source_say_what_a_consumer_must_know_and_neither_who_else_may_nor_beside_whom(cast):
    live_source(
        cast.owner,
        consumers={"allow": ["*"], "deny": ["rival-corp"]},
        countries={"deny": ["FR"]},
        outputs={"allow": ["classification"]},
        minimum_coalition=2,
        not_together_with=["secret-source"],
        attribution_notice="From the Almanac.",
        prices=[
            {"purpose": "education", "price_micro_usd_per_nat": 5},
            {"consumer": "friend-corp", "price_micro_usd_per_nat": 1},
        ],
    )
    response = cast.buyer.api.get("/v1/sources/almanac")
    terms = response.json()["terms"]
    assert terms["conditions"] == [
        "Organisations in France may not use it.",
        "It votes only if at least 2 other sources vote too.",
    ]
    assert (terms["outputs"], terms["approval_required"]) == (["classification"], False)
    assert terms["attribution_notice"] == "From the Almanac."
    assert terms["prices_by_purpose"] == {"education": 5}
    said = response.content.decode()
    assert not any(hidden in said for hidden in ("rival-corp", "friend-corp", "secret-source"))
