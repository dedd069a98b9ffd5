"""What a nat costs whom: the most specific price wins, and the answer says which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import ask, limits, places, policy, problems

DEFAULT = "$.price_micro_usd_per_nat"
MEMBER = {"groups": frozenset({"labs", "schools"}), "domains": frozenset({"example.org"})}


def price(per_nat, purpose=None, consumer=None):
    return {"purpose": purpose, "consumer": consumer, "price_micro_usd_per_nat": per_nat}


@pytest.mark.parametrize(
    ("prices", "asking", "expected"),
    [
        ([], {}, (20, DEFAULT)),
        ([price(5, purpose="research")], {}, (5, "$.prices[0]")),
        ([price(5, purpose="research")], {"purpose": "education"}, (20, DEFAULT)),
        ([price(5, purpose="research")], {"purpose": "drug-discovery"}, (5, "$.prices[0]")),
        (
            [price(5, purpose="research"), price(6, purpose="medical-research")],
            {"purpose": "drug-discovery"},
            (6, "$.prices[1]"),
        ),
        (
            [price(6, purpose="medical-research"), price(5, purpose="research")],
            {"purpose": "drug-discovery"},
            (6, "$.prices[0]"),
        ),
        ([price(5, purpose="research"), price(7, consumer="buyer")], {}, (7, "$.prices[1]")),
        (
            [price(7, consumer="buyer"), price(8, consumer="buyer", purpose="research")],
            {},
            (8, "$.prices[1]"),
        ),
        ([price(7, consumer="other")], {}, (20, DEFAULT)),
        ([price(7, consumer="group:labs")], {}, (20, DEFAULT)),
        ([price(7, consumer="group:labs")], MEMBER, (7, "$.prices[0]")),
        (
            [price(7, consumer="group:labs"), price(9, consumer="domain:example.org")],
            MEMBER,
            (9, "$.prices[1]"),
        ),
        ([price(9, consumer="domain:example.org"), price(3, consumer="buyer")], MEMBER, (3, "$.prices[1]")),
        ([price(7, consumer="group:labs"), price(4, consumer="group:schools")], MEMBER, (7, "$.prices[0]")),
        ([price(0, consumer="buyer")], {}, (0, "$.prices[0]")),
    ],
)
def test_the_most_specific_price_wins_and_says_so(prices, asking, expected):
    found = limits(policy(price_micro_usd_per_nat=20, prices=prices).verify(ask(**asking)))
    assert (found.price_micro_usd_per_nat, found.price_rule) == expected


@pytest.mark.parametrize(
    ("terms", "path"),
    [
        ({"prices": [price(None, purpose="research")]}, "$.prices[0].price_micro_usd_per_nat"),
        ({"prices": [price(-1, purpose="research")]}, "$.prices[0].price_micro_usd_per_nat"),
        ({"prices": [price(1.5, purpose="research")]}, "$.prices[0].price_micro_usd_per_nat"),
        ({"prices": [price(5)]}, "$.prices[0].purpose"),
        ({"prices": [price(5, purpose="fun")]}, "$.prices[0].purpose"),
        ({"prices": [price(5, purpose=["research"])]}, "$.prices[0].purpose"),
        ({"prices": [price(5, consumer="Big Corp")]}, "$.prices[0].consumer"),
        ({"prices": [price(5, consumer="*")]}, "$.prices[0].consumer"),
        ({"prices": [{**price(5, purpose="research"), "currency": "EUR"}]}, "$.prices[0].currency"),
        ({"prices": [5]}, "$.prices[0]"),
        ({"prices": {"research": 5}}, "$.prices"),
        ({"prices": [price(5, consumer=f"c{number}") for number in range(101)]}, "$.prices"),
    ],
)
def test_a_price_that_cannot_be_read_is_refused_at_its_place(terms, path):
    assert places(**terms) == [path]


@pytest.mark.parametrize(
    ("terms", "path", "why"),
    [
        (
            {"prices": [price(5, purpose="research"), price(6, purpose="research")]},
            "$.prices[1]",
            "the same consumer and purpose have a price already",
        ),
        (
            {"purposes": {"allow": ["education"]}, "prices": [price(5, purpose="research")]},
            "$.prices[0]",
            "the purpose 'research' is not allowed",
        ),
        (
            {
                "purposes": {"allow": ["*"], "deny": ["research"]},
                "prices": [price(5, purpose="drug-discovery")],
            },
            "$.prices[0]",
            "the purpose 'drug-discovery' is not allowed",
        ),
        (
            {"consumers": {"allow": ["*"], "deny": ["acme"]}, "prices": [price(5, consumer="acme")]},
            "$.prices[0]",
            "the organisation 'acme' is not allowed",
        ),
        (
            {"consumers": {"allow": ["other"]}, "prices": [price(5, consumer="acme")]},
            "$.prices[0]",
            "the organisation 'acme' is not allowed",
        ),
    ],
)
def test_a_price_that_is_never_asked_is_refused_with_the_reason(terms, path, why):
    assert problems(**terms) == [(path, f"This price is never asked: {why}.")]


@pytest.mark.parametrize(
    "terms",
    [
        {"purposes": {"allow": ["medical-research"]}, "prices": [price(5, purpose="research")]},
        {"consumers": {"allow": ["group:labs"]}, "prices": [price(5, consumer="acme")]},
        {"consumers": {"allow": ["acme"]}, "prices": [price(5, consumer="group:labs")]},
    ],
)
def test_a_price_that_may_be_asked_is_taken(terms):
    assert places(**terms) == []


def test_it_is_said_in_words():
    said = sentences(
        policy(
            price_micro_usd_per_nat=20,
            prices=[price(5, purpose="research"), price(1000, consumer="group:labs", purpose="education")],
        )
    )
    assert "It costs 5 micro-USD a nat for research." in said
    assert "It costs 1,000 micro-USD a nat for the group 'labs' for education." in said
    assert "Where several prices fit, the most specific one counts, and the answer says which it was." in said


PARTIES = st.sampled_from([None, "buyer", "other", "group:labs", "domain:example.org"])
TERMS = st.sampled_from([None, "research", "medical-research", "drug-discovery", "education"])


@given(
    rules=st.lists(st.tuples(PARTIES, TERMS), unique=True, max_size=8),
    purpose=st.sampled_from(["research", "drug-discovery", "education", "personal"]),
)
def test_the_price_is_one_that_was_written_for_the_one_who_asks(rules, purpose):
    rules = [rule for rule in rules if rule != (None, None)]
    prices = [price(100 + place, purpose=what, consumer=whom) for place, (whom, what) in enumerate(rules)]
    found = limits(policy(price_micro_usd_per_nat=1, prices=prices).verify(ask(purpose=purpose, **MEMBER)))
    if found.price_rule == DEFAULT:
        assert found.price_micro_usd_per_nat == 1
        assert not any(whom == "buyer" and what is None for whom, what in rules)
    else:
        place = int(found.price_rule.removeprefix("$.prices[").removesuffix("]"))
        assert found.price_micro_usd_per_nat == 100 + place
        assert rules[place][0] in {None, "buyer", "group:labs", "domain:example.org"}
