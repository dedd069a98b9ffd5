"""What the catalogue tells outsiders of sources that are private (nothing) or on request (a card)."""

from itertools import product
from typing import Any

import pytest

from tests.cast import Cast
from tests.catalogue.shelf import counts, found, offered, slugs

pytestmark = [pytest.mark.books, pytest.mark.django_db]

OUTSIDERS = ("stranger", "outsider", "buyer", "operator")
SECRET: dict[str, Any] = {
    "title": "Whale songs", "description": "Recorded at Tristan.", "license": "Own terms",
    "topics": ("science",), "price_micro_usd_per_nat": 1500, "quote": True, "regime": "attribution",
    "floor_nats": 0.5,
}  # fmt: skip


def client_of(cast: Cast, who: str):
    return cast.stranger if who == "stranger" else getattr(cast, who).api


@pytest.fixture
def private(cast: Cast) -> Cast:
    offered(cast.owner, "hidden", visibility="private", **SECRET)
    offered(cast.second_owner, "seen", title="Ballads")
    return cast


@pytest.fixture
def on_request(cast: Cast) -> Cast:
    offered(cast.owner, "carded", visibility="listed_on_request", **SECRET)
    offered(cast.second_owner, "seen", title="Ballads")
    return cast


QUERIES = (
    "", "q=whale", "q=hidden", "topic=science", "license=Own+terms", "owner=owner", "price=high",
    "quoting=yes", "regime=attribution", "fresh=30", "sort=cheapest", "sort=title",
)  # fmt: skip


def test_a_private_source_is_in_no_list_count_or_facet(private: Cast) -> None:
    for who, query in product(OUTSIDERS, QUERIES):
        told = found(client_of(private, who), query)
        shown = {one["slug"] for one in told["results"]}
        assert shown <= {"seen"}, (who, query)
        assert told["count"] == len(shown)
        asked = query.partition("=")[2].replace("+", " ")
        for choice in (choice for facet in told["facets"] for choice in facet["choices"]):
            assert choice["count"] == 0 or choice["value"] not in {"owner", "Own terms", "science", "high"}
            assert choice["count"] or choice["value"] == asked, "what nobody has is only an echo"
        assert all(one["count"] == 1 for one in told["loosen"])


def test_its_owner_finds_it_with_all_its_facets(private: Cast) -> None:
    assert slugs(private.owner.api, "q=tristan") == ["hidden"]
    assert counts(private.owner.api, "owner") == {"owner": 1, "second-owner": 1}
    assert counts(private.owner.api, "price", "topic=science") == {"high": 1}


def test_a_key_without_the_scope_sees_what_everybody_sees(private: Cast) -> None:
    assert slugs(private.owner.key_for("answers"), "") == ["seen"]
    assert slugs(private.owner.key_for("sources"), "sort=title") == ["seen", "hidden"]


def test_a_key_that_is_not_valid_is_refused_rather_than_ignored(private: Cast) -> None:
    reply = private.stranger.get("/v1/catalogue", HTTP_AUTHORIZATION="Bearer dvm_nope")
    assert reply.status_code == 401


@pytest.mark.parametrize("who", OUTSIDERS)
def test_listed_on_request_shows_its_card_alone(on_request: Cast, who: str) -> None:
    (card,) = [one for one in found(client_of(on_request, who))["results"] if one["slug"] == "carded"]
    assert (card["title"], card["license"], card["topics"]) == ("Whale songs", "Own terms", ["science"])
    hidden = ("description", "terms", "needs_approval", "versions", "updated_at", "quality")
    assert [card[name] for name in hidden] == [None] * len(hidden)


FILTERS = {
    "q=whale": True, "topic=science": True, "license=Own+terms": True, "owner=owner": True,
    "q=tristan": False, "price=high": False, "regime=attribution": False, "quoting=yes": False,
    "quoting=no": False, "approval=no": False, "fresh=30": False,
}  # fmt: skip


def test_filters_do_not_tell_what_its_card_does_not_show(on_request: Cast) -> None:
    for who, (query, is_found) in product(OUTSIDERS, FILTERS.items()):
        assert ("carded" in slugs(client_of(on_request, who), query)) is is_found, (who, query)


@pytest.mark.parametrize("who", OUTSIDERS)
def test_facets_and_order_do_not_tell_it_either(on_request: Cast, who: str) -> None:
    client = client_of(on_request, who)
    assert counts(client, "price") == {"low": 1}
    assert counts(client, "regime") == {"measurement": 1}
    assert counts(client, "quoting") == {"no": 1}
    assert counts(client, "fresh") == {"30": 1, "90": 1, "365": 1}
    offered(on_request.owner, "dear", title="Dear", price_micro_usd_per_nat=10**9)
    assert slugs(client, "sort=cheapest") == ["seen", "dear", "carded"]
