"""/v1/agreements and /v1/access-requests: asking, deciding, confirming and ending, over the API."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.api.reading import problem
from tests.builders import live_source, policy, publish

pytestmark = [
    pytest.mark.books,
    pytest.mark.django_db,
    pytest.mark.usefixtures("named_core", "work_is_noted"),
]
MINE, ASKED = "/v1/agreements", "/v1/access-requests"


@pytest.fixture
def source(cast):
    return live_source(cast.owner, approval="required")


def ask(who, **changes):
    wish = {"source": "almanac", "purpose": "research", "statement": "A survey.", **changes}
    return who.api.post(MINE, wish, format="json")


def post(who, address, **body):
    return who.api.post(address, body, format="json")


def test_a_request_is_asked_decided_and_ended(cast, source):
    reply = ask(cast.buyer)
    asked = reply.json()
    assert (reply.status_code, reply["Location"]) == (201, f"{MINE}/{asked['id']}")
    assert (asked["state"], asked["policy_version"], asked["automatic"]) == ("requested", 1, False)
    (row,) = cast.owner.api.get(f"{ASKED}?state=requested").json()["results"]
    assert (row["consumer"], row["statement"]) == ("buyer", "A survey.")
    assert post(cast.owner, f"{ASKED}/{asked['id']}/approve").json()["state"] == "in_force"
    assert cast.buyer.api.get(f"{MINE}/{asked['id']}").json()["state"] == "in_force"
    problem(post(cast.owner, f"{ASKED}/{asked['id']}/refuse", reason="x"), 409, "already_decided")
    ended = post(cast.buyer, f"{MINE}/{asked['id']}/end", reason="Done.").json()
    assert (ended["state"], ended["ended_side"], ended["reason"]) == ("ended", "consumer", "Done.")


def test_a_refusal_needs_a_reason_that_the_consumer_reads(cast, source):
    asked = ask(cast.buyer).json()
    problem(post(cast.owner, f"{ASKED}/{asked['id']}/refuse"), 422, "invalid")
    post(cast.owner, f"{ASKED}/{asked['id']}/refuse", reason="Too vague.")
    assert cast.buyer.api.get(f"{MINE}/{asked['id']}").json()["reason"] == "Too vague."
    problem(ask(cast.buyer), 409, "refused_recently")


def test_new_terms_are_shown_with_what_changes_and_confirmed(cast, source):
    asked = ask(cast.buyer).json()
    post(cast.owner, f"{ASKED}/{asked['id']}/approve")
    publish(cast.owner, source, approval="required", price_micro_usd_per_nat=30)
    shown = cast.buyer.api.get(f"{MINE}/{asked['id']}").json()["to_confirm"]
    assert shown["policy_version"] == 2
    assert shown["diff"]["asks_more"] == [
        "The price rises: a nat of influence costs 30 micro-USD instead of 20."
    ]
    problem(post(cast.buyer, f"{MINE}/{asked['id']}/confirm", policy_version=1), 409, "other_terms")
    told = post(cast.buyer, f"{MINE}/{asked['id']}/confirm", policy_version=2).json()
    assert (told["policy_version"], told["to_confirm"]) == (2, None)


def test_announced_terms_can_be_confirmed_before_they_hold(cast, source):
    asked = ask(cast.buyer).json()
    post(cast.owner, f"{ASKED}/{asked['id']}/approve")
    at = (timezone.now() + timedelta(days=3)).isoformat()
    dearer = {"policy": policy(approval="required", price_micro_usd_per_nat=30), "effective_at": at}
    cast.owner.api.put("/v1/sources/almanac/policy", dearer, format="json")
    assert cast.buyer.api.get(f"{MINE}/{asked['id']}").json()["to_confirm"]["policy_version"] == 2
    told = post(cast.buyer, f"{MINE}/{asked['id']}/confirm", policy_version=2).json()
    assert (told["policy_version"], told["to_confirm"]) == (1, None)


def test_an_owner_lets_somebody_into_a_private_source(cast, source):
    type(source).objects.update(visibility="private")
    problem(ask(cast.buyer), 404, "not_found")
    wish = {"consumer": "buyer", "purpose": "research"}
    made = post(cast.owner, "/v1/sources/almanac/agreements", **wish).json()
    assert made["state"] == "in_force"
    assert cast.buyer.api.get("/v1/sources/almanac").status_code == 200
    unknown = post(cast.owner, "/v1/sources/almanac/agreements", **{**wish, "consumer": "nobody"})
    problem(unknown, 404, "not_found")


def test_many_are_decided_in_one_call(cast, source):
    first, second = ask(cast.buyer).json(), ask(cast.outsider).json()
    told = post(
        cast.owner, f"{ASKED}/decide", ids=[first["id"], second["id"], str(uuid4())], decision="refuse",
        reason="Not now.",
    ).json()  # fmt: skip
    assert {one["consumer"]: one["state"] for one in told["done"]} == {
        "buyer": "refused",
        "outsider": "refused",
    }
    assert [one["code"] for one in told["failed"]] == ["not_found"]


def test_the_same_key_asks_once(cast, source):
    wish = {"source": "almanac", "purpose": "research", "statement": "A survey."}
    replies = [
        cast.buyer.api.post(MINE, wish, format="json", HTTP_IDEMPOTENCY_KEY="k").json() for _ in range(2)
    ]
    assert replies[0] == replies[1]


@pytest.mark.parametrize("who", ["second_owner", "outsider", "operator"])
def test_what_is_agreed_is_the_business_of_its_two_sides(cast, source, who):
    asked = ask(cast.buyer).json()
    other = getattr(cast, who)
    problem(other.api.get(f"{MINE}/{asked['id']}"), 404, "not_found")
    for act in ("approve", "refuse", "end"):
        problem(post(other, f"{ASKED}/{asked['id']}/{act}", reason="x"), 404, "not_found")
    assert other.api.get(MINE).json()["results"] == other.api.get(ASKED).json()["results"] == []


@pytest.mark.parametrize(("address", "who"), [(MINE, "buyer"), (ASKED, "owner")])
def test_lists_are_paged_filtered_and_take_the_same_queries_whatever_their_length(cast, source, address, who):
    def queries():
        with CaptureQueriesContext(connection) as context:
            assert getattr(cast, who).api.get(address).status_code == 200
        return len(context)

    ask(cast.buyer)
    queries()
    few = queries()
    for purpose in ("education", "teaching", "self-study"):
        ask(cast.buyer, purpose=purpose)
    assert queries() == few
    reader = getattr(cast, who).api
    first = reader.get(f"{address}?page_size=3").json()
    assert len(first["results"]) == 3
    assert len(reader.get(first["next"]).json()["results"]) == 1
    assert reader.get(f"{address}?state=in_force").json()["results"] == []
    problem(reader.get(f"{address}?state=odd"), 422, "invalid")
