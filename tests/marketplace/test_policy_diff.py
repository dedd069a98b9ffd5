"""What changed between two policies: places, sentences, and what asks more of a consumer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.policy.diff import diff
from tests.builders import PLAIN, policy

RISES = "The price rises:"
THIRTY = "a nat of influence costs 30 micro-USD instead of 20."
UP_TO_TEN = "an answer can pay up to 10 micro-USD instead of 9 micro-USD."
CEILING = {"ceiling_price_micro_usd": 9}


def asks_more(before, after):
    return diff(policy(**before), policy(**after)).asks_more


def test_the_first_policy_is_all_new_and_asks_nobody_for_more():
    told = diff(None, PLAIN)
    assert told.was == told.asks_more == ()
    assert told.now[0] == "Every organisation may use it."
    assert {one.before for one in told.changes} == {None}


@pytest.mark.parametrize(
    ("change", "path", "before", "after"),
    [
        ({"price_micro_usd_per_nat": 30}, "$.price_micro_usd_per_nat", 20, 30),
        ({"max_gamma": 0.5}, "$.max_gamma", None, 0.5),
        ({"influence_nats": {"per_answer": 9}}, "$.influence_nats.per_answer", 200, 9),
        ({"influence_nats": None}, "$.influence_nats.lifetime", 1_000_000, None),
    ],
)  # fmt: skip
def test_a_place_that_changed_is_told_with_both_values(change, path, before, after):
    places = {one.path: (one.before, one.after) for one in diff(PLAIN, policy(**change)).changes}
    assert places[path] == (before, after)


def test_terms_that_come_and_go_are_told_apart():
    changed = diff(PLAIN, policy(purposes={"allow": ["teaching", "research"]}))
    (purposes,) = changed.changes
    assert (purposes.path, purposes.added, purposes.removed) == (
        "$.purposes.allow", ["teaching"], ["education"],
    )  # fmt: skip
    assert changed.was == ("It may be used for education and research.",)
    assert changed.now == ("It may be used for research and teaching.",)


def test_the_order_of_terms_and_a_written_null_change_nothing():
    again = policy(purposes={"allow": ["education", "research"], "deny": None}, floor_nats=None)
    assert diff(PLAIN, again).changes == ()


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ({}, {"price_micro_usd_per_nat": 30}, f"{RISES} {THIRTY}"),
        ({}, {"floor_price_micro_usd": 5}, f"{RISES} an answer pays at least 5 micro-USD instead of 0."),
        (CEILING, {}, f"{RISES} an answer can pay as much as its influence costs instead of 9 micro-USD."),
        (CEILING, {"ceiling_price_micro_usd": 10}, f"{RISES} {UP_TO_TEN}"),
        ({}, {"purposes": {"allow": ["*"], "deny": ["teaching"]}}, "It no longer serves teaching."),
        ({"quote": True}, {}, "It no longer gives the output 'quotation'."),
        ({}, {"regime": "attribution", "floor_nats": 1}, "The regime is attribution now."),
    ],
)  # fmt: skip
def test_what_asks_more_of_a_consumer_is_said(before, after, sentence):
    assert asks_more(before, after) == (sentence,)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"price_micro_usd_per_nat": 30}, {}),
        ({}, {"ceiling_price_micro_usd": 9}),
        ({}, {"purposes": {"allow": ["*"]}}),
        ({}, {"quote": True}),
        ({}, {"influence_nats": {"per_answer": 1}}),
        ({}, {"consumers": {"allow": ["buyer"]}}),
    ],
)
def test_what_is_easier_or_only_the_owners_own_limit_asks_nobody(before, after):
    assert asks_more(before, after) == ()


PRICES = st.fixed_dictionaries(
    {
        "price_micro_usd_per_nat": st.integers(0, 50),
        "ceiling_price_micro_usd": st.none() | st.integers(50, 90),
        "quote": st.booleans(),
    }
)


@given(before=PRICES, after=PRICES)
def test_a_change_and_its_way_back_name_the_same_places_and_swap_what_was_and_is(before, after):
    there, back = diff(policy(**before), policy(**after)), diff(policy(**after), policy(**before))
    assert [(one.path, one.before, one.after) for one in there.changes] == [
        (one.path, one.after, one.before) for one in back.changes
    ]
    assert (there.was, there.now) == (back.now, back.was)
