"""/v1/sources/{slug}/policy/simulate: which clause would decide, with values, limits and what is left."""

import pytest
from django.utils import timezone

from tests.api.reading import problem
from tests.booking import NAT, answer, top_up
from tests.builders import draft_source, live_source, policy

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]

ADDRESS = "/v1/sources/almanac/policy/simulate"


@pytest.fixture
def source(cast):
    return live_source(cast.owner)


def ask(cast, **wish):
    body = {"consumer": "buyer", "purpose": "research", **wish}
    reply = cast.owner.api.post(ADDRESS, body, format="json")
    assert reply.status_code == 200, reply.json()
    return reply.json()


def test_who_meets_every_clause_would_be_answered_under_these_limits(cast, source):
    body = ask(cast)
    assert (body["outcome"], body["decided_by"]) == ("allow", None)
    assert [step["kind"] for step in body["steps"]][:2] == ["consumer", "purpose"]
    limits = body["limits"]
    assert (limits["price_micro_usd_per_nat"], limits["nats_per_answer"], limits["max_gamma"]) == (20, 200, 1)
    assert limits["price_rule"] == "$.price_micro_usd_per_nat"


@pytest.mark.parametrize(
    ("changes", "wish", "rule", "values"),
    [
        ({}, {"purpose": "advertising"}, "purpose", {"purpose": "advertising"}),
        ({"consumers": {"allow": ["outsider"]}}, {}, "consumer", {"consumer": "buyer"}),
        ({"valid_until": "2026-01-01T00:00:00Z"}, {}, "time", {"valid_until": "2026-01-01T00:00:00+00:00"}),
        ({}, {"mode": "private"}, "regime", {"mode": "private"}),
        ({"countries": {"allow": ["DE"]}}, {"consumer": {"country": "KE"}}, "country", {"country": "KE"}),
        ({"outputs": {"allow": ["answer"]}}, {"output": "classification"}, "output", {}),
        ({"approval": "required"}, {}, "approval", {"approved_for": None}),
        ({"minimum_coalition": 2}, {"others": ["one"]}, "coalition", {"least_others": 2, "others": 1}),
    ],
)
def test_the_first_no_decides_and_says_what_it_compared(cast, source, changes, wish, rule, values):
    body = ask(cast, policy=policy(**changes), **wish)
    assert (body["outcome"], body["decided_by"]["rule"]) == ("deny", rule)
    assert values.items() <= body["decided_by"]["values"].items()
    assert body["decided_by"] in body["steps"]


def test_a_moment_to_come_can_be_tried(cast, source):
    draft = policy(valid_from="2030-01-01T00:00:00Z")
    assert ask(cast, policy=draft)["decided_by"]["rule"] == "time"
    assert ask(cast, policy=draft, at="2030-01-02T00:00:00Z")["outcome"] == "allow"


def test_groups_and_domains_are_taken_as_they_are_described(cast, source):
    draft = policy(consumers={"allow": ["domain:example.org"]})
    assert ask(cast, policy=draft)["outcome"] == "deny"
    assert ask(cast, policy=draft, consumer={"domains": ["example.org"]})["outcome"] == "allow"


def test_an_organisations_own_country_is_not_told_to_owners(cast, source):
    buyer = cast.buyer.organisation
    buyer.country, buyer.country_confirmed_at = "DE", timezone.now()
    buyer.save()
    body = ask(cast, policy=policy(countries={"allow": ["DE"]}))
    assert body["decided_by"]["values"]["country"] is None


def test_an_organisation_that_does_not_exist_looks_like_one_that_never_asked(cast, source):
    told = [ask(cast, consumer=slug) for slug in ("outsider", "nobody-at-all")]
    for one in told:
        one["steps"] = [step["outcome"] for step in one["steps"]]
        one["left"] = [left["left_nano_nats"] for left in one["left"]]
    assert told[0] == told[1]


def test_what_coalitions_say_later_is_said_to_come_later(cast, source):
    body = ask(cast, policy=policy(minimum_coalition=1, not_together_with=["opera-guide"]))
    assert body["outcome"] == "later"
    assert ask(cast, policy=policy(not_together_with=["opera"]), others=["opera"])["outcome"] == "deny"


def test_the_price_of_the_one_who_asks_names_its_rule(cast, source):
    draft = policy(prices=[{"consumer": "buyer", "price_micro_usd_per_nat": 7}])
    limits = ask(cast, policy=draft)["limits"]
    assert (limits["price_micro_usd_per_nat"], limits["price_rule"]) == (7, "$.prices[0]")


def test_what_is_left_for_this_consumer_is_said_and_a_spent_window_decides(cast):
    live_source(cast.owner, influence_nats={"per_consumer_day": 5, "lifetime": 100})
    top_up(cast.buyer)
    answer(cast.buyer, "almanac", 5, cap=5)
    body = ask(cast)
    left = {one["budget"]: one["left_nano_nats"] for one in body["left"]}
    assert left == {"lifetime": 95 * NAT, "day-calendar-each": 0}
    assert (body["outcome"], body["decided_by"]["rule"]) == ("deny", "budget")
    other = ask(cast, consumer="outsider")
    assert other["outcome"] == "allow"
    assert {one["left_nano_nats"] for one in other["left"]} == {95 * NAT, 5 * NAT}


def test_a_source_without_a_partition_says_so_beside_the_policy(cast):
    draft_source(cast.owner)
    body = ask(cast, policy=policy())
    assert [step["rule"] for step in body["beside"]] == ["no_partition"]
    assert body["outcome"] == "deny"


def test_without_a_policy_a_draft_is_needed(cast):
    draft_source(cast.owner)
    problem(
        cast.owner.api.post(ADDRESS, {"consumer": "b", "purpose": "research"}, format="json"), 422, "invalid"
    )


@pytest.mark.parametrize(
    ("wish", "path"),
    [
        ({"purpose": "fun"}, "$.purpose"),
        ({"consumer": {"country": "XX"}}, "$.consumer.country"),
        ({"consumer": "Two Words"}, "$.consumer.organisation"),
        ({"colour": 1}, "$.colour"),
        ({"at": "soon"}, "$.at"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_with_its_place(cast, source, wish, path):
    body = {"consumer": "buyer", "purpose": "research", **wish}
    found = problem(cast.owner.api.post(ADDRESS, body, format="json"), 422, "invalid")
    assert path in [one["path"] for one in found["problems"]]
