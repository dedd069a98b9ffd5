"""What an outsider must not learn of a private source, tried at every door of the market's API."""

import pytest
from django.utils import timezone

from marketplace import listing
from marketplace.models import Source
from tests.api.reading import problem
from tests.builders import draft_source, live_source
from tests.cast import Actor

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]

OF_A_SOURCE = (
    "", "/documents", "/policy", "/budgets", "/budgets/alerts", "/privacy", "/partitions", "/earnings",
    "/earnings/statement",
)  # fmt: skip


def shown(owner: Actor, slug: str, visibility: str) -> Source:
    source = live_source(owner, slug)
    return listing.set_visibility(
        source=source, visibility=visibility, acting_user=owner.user, now=timezone.now()
    )


def slugs(actor: Actor) -> list[str]:
    return [one["slug"] for one in actor.api.get("/v1/sources").json()["results"]]


@pytest.mark.parametrize("part", OF_A_SOURCE)
def test_a_private_source_reads_like_one_that_does_not_exist(cast, part):
    shown(cast.owner, "hidden", "private")
    for actor in (cast.outsider, cast.buyer, cast.second_owner, cast.operator):
        hidden = actor.api.get(f"/v1/sources/hidden{part}")
        absent = actor.api.get(f"/v1/sources/absent{part}")
        assert hidden.status_code == absent.status_code == 404
        assert hidden.content.replace(b"hidden", b"") == absent.content.replace(b"absent", b"")


def test_it_is_listed_for_its_owner_alone_and_at_once(cast):
    source = live_source(cast.owner)
    assert slugs(cast.outsider) == ["almanac"]
    change = {"visibility": "private"}
    assert (
        cast.owner.api.patch("/v1/sources/almanac", change, format="json").json()["visibility"] == "private"
    )
    assert slugs(cast.outsider) == []
    assert slugs(cast.owner) == ["almanac"]
    listing.set_visibility(
        source=source, visibility="public", acting_user=cast.owner.user, now=timezone.now()
    )
    assert slugs(cast.outsider) == ["almanac"]


def test_only_its_owner_sets_it(cast):
    shown(cast.owner, "almanac", "public")
    change = {"visibility": "private"}
    for actor in (cast.outsider, cast.second_owner):
        problem(actor.api.patch("/v1/sources/almanac", change, format="json"), 404, "not_found")
    problem(cast.owner.api.patch("/v1/sources/almanac", {"visibility": "x"}, format="json"), 422, "invalid")


def test_a_title_and_a_visibility_change_together(cast):
    draft_source(cast.owner)
    change = {"visibility": "listed_on_request", "title": "New"}
    body = cast.owner.api.patch("/v1/sources/almanac", change, format="json").json()
    assert (body["visibility"], body["title"]) == ("listed_on_request", "New")


def test_listed_on_request_shows_its_card_and_no_more(cast):
    shown(cast.owner, "almanac", "listed_on_request")
    for card in (
        cast.outsider.api.get("/v1/sources/almanac").json(),
        cast.outsider.api.get("/v1/sources").json()["results"][0],
    ):
        assert (card["title"], card["license"], card["organisation"]) == ("Almanac", "CC-BY-4.0", "owner")
        assert (card["description"], card["terms"]) == (None, None)
    whole = cast.owner.api.get("/v1/sources").json()["results"][0]
    assert (whole["description"], whole["terms"]["regime"]) == ("The almanac.", "measurement")


@pytest.mark.parametrize("visibility", ["public", "listed_on_request", "private"])
def test_a_slug_that_cannot_be_had_does_not_say_who_has_it(cast, visibility):
    shown(cast.owner, "almanac", visibility)
    new = {"slug": "almanac", "title": "Mine"}
    refused = problem(cast.outsider.api.post("/v1/sources", new, format="json"), 409, "slug_taken")
    assert refused["detail"] == "The slug 'almanac' cannot be had."
    assert set(refused) == {"type", "title", "status", "detail", "code", "next_step"}
