"""What is refused in a policy, each with its place and a sentence; nothing is ignored, nothing crashes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.policy import plain, sentences
from marketplace.policy.problems import PolicyInvalid, Problem

PRIVACY = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}
GOOD = {"purposes": {"allow": ["research"]}, "consumers": {"allow": ["*"]}}


def problems(policy) -> list[Problem]:
    """Empty for a policy that is taken."""
    try:
        plain.parse(policy)
    except PolicyInvalid as error:
        return list(error.problems)
    return []


def paths(policy) -> list[str]:
    found = problems(policy)
    assert all(one.sentence.endswith(".") for one in found)
    return [one.path for one in found]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"colour": 1}, "$.colour"),
        ({"purposes": {"allow": [], "maybe": []}}, "$.purposes.maybe"),
        ({"influence_nats": {"per_week": 1}}, "$.influence_nats.per_week"),
        ({"regime": "secret"}, "$.regime"),
        ({"regime": ["measurement"]}, "$.regime"),
        ({"purposes": ["research"]}, "$.purposes"),
        ({"purposes": {"allow": "research"}}, "$.purposes.allow"),
        ({"purposes": {"allow": [1]}}, "$.purposes.allow"),
        ({"purposes": {"allow": ["research", "research"]}}, "$.purposes.allow"),
        ({"purposes": {"allow": ["fun"]}}, "$.purposes.allow"),
        ({"purposes": {"allow": ["*"], "deny": ["fun"]}}, "$.purposes.deny"),
        ({"consumers": {"allow": ["*"], "deny": ["*"]}}, "$.consumers.deny"),
        ({"max_gamma": "1"}, "$.max_gamma"),
        ({"max_gamma": True}, "$.max_gamma"),
        ({"max_gamma": 1.0001}, "$.max_gamma"),
        ({"max_gamma": -0.1}, "$.max_gamma"),
        ({"max_gamma": float("nan")}, "$.max_gamma"),
        ({"max_gamma": 10**400}, "$.max_gamma"),
        ({"influence_nats": {"lifetime": float("inf")}}, "$.influence_nats.lifetime"),
        ({"influence_nats": {"per_answer": -1}}, "$.influence_nats.per_answer"),
        ({"price_micro_usd_per_nat": 1.5}, "$.price_micro_usd_per_nat"),
        ({"price_micro_usd_per_nat": -1}, "$.price_micro_usd_per_nat"),
        ({"price_micro_usd_per_nat": True}, "$.price_micro_usd_per_nat"),
        ({"price_micro_usd_per_nat": 10**13}, "$.price_micro_usd_per_nat"),
        ({"floor_price_micro_usd": "5"}, "$.floor_price_micro_usd"),
        ({"ceiling_price_micro_usd": "5"}, "$.ceiling_price_micro_usd"),
        ({"ceiling_price_micro_usd": -1}, "$.ceiling_price_micro_usd"),
        ({"ceiling_price_micro_usd": 2.5}, "$.ceiling_price_micro_usd"),
        ({"floor_price_micro_usd": 6, "ceiling_price_micro_usd": 5}, "$.ceiling_price_micro_usd"),
        ({"quote": "yes"}, "$.quote"),
        ({"valid_from": "tomorrow"}, "$.valid_from"),
        ({"valid_from": 5}, "$.valid_from"),
        ({"valid_from": "2026-01-01T00:00:00"}, "$.valid_from"),
        ({"privacy": {"budget_nats": 1.5, "eta": 0.1}}, "$.privacy.delta"),
        ({"privacy": {**PRIVACY, "eta": 0}}, "$.privacy.eta"),
        ({"privacy": {**PRIVACY, "budget_nats": 0}}, "$.privacy.budget_nats"),
        ({"privacy": {**PRIVACY, "delta": 1}}, "$.privacy.delta"),
        ({"privacy": True}, "$.privacy"),
        ({"floor_nats": 0, "regime": "attribution"}, "$.floor_nats"),
    ],
)
def test_a_wrong_value_is_refused_at_its_place(changes, path):
    assert paths({**GOOD, **changes}) == [path]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"valid_from": "2026-02-01T00:00:00Z", "valid_until": "2026-01-01T00:00:00Z"}, "$.valid_until"),
        ({"valid_from": "2026-01-01T01:00:00+01:00", "valid_until": "2026-01-01T00:00:00Z"}, "$.valid_until"),
        ({"purposes": {"allow": ["research"], "deny": ["research"]}}, "$.purposes"),
        ({"purposes": {"allow": ["medical-research"], "deny": ["research"]}}, "$.purposes.allow"),
        ({"consumers": {"allow": ["a"], "deny": ["a"]}}, "$.consumers"),
        ({"influence_nats": {"per_answer": 2, "lifetime": 1}}, "$.influence_nats.per_answer"),
        ({"influence_nats": {"per_answer": 2, "per_consumer_day": 1}}, "$.influence_nats.per_answer"),
        ({"influence_nats": {"per_consumer_day": 2, "lifetime": 1}}, "$.influence_nats.per_consumer_day"),
        ({"regime": "privacy"}, "$.privacy"),
        ({"regime": "privacy", "privacy": PRIVACY, "quote": True}, "$.quote"),
        ({"regime": "attribution"}, "$.floor_nats"),
        ({"regime": "measurement", "floor_nats": 1}, "$.floor_nats"),
        ({"regime": "attribution", "floor_nats": 5, "influence_nats": {"per_answer": 4}}, "$.floor_nats"),
        ({"regime": "attribution", "floor_nats": 5, "max_gamma": 0}, "$.max_gamma"),
    ],
)
def test_a_contradiction_is_refused_at_its_place(changes, path):
    assert paths({**GOOD, **changes}) == [path]


@pytest.mark.parametrize("policy", [None, [], "policy", 5, [GOOD]])
def test_a_policy_that_is_no_object_is_refused(policy):
    assert paths(policy) == ["$"]


def test_every_problem_is_named_at_once():
    assert paths({"regime": "x", "quote": 1, "foo": 1, "max_gamma": 2}) == [
        "$.foo",
        "$.max_gamma",
        "$.regime",
        "$.quote",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"regime": "attribution", "floor_nats": 2.5},
        {"regime": "privacy", "privacy": PRIVACY},
        {"privacy": PRIVACY, "quote": True},
        {"influence_nats": {"per_answer": 1, "per_consumer_day": 1, "lifetime": 1}},
        {"valid_from": "2026-01-01T00:00:00Z", "valid_until": "2026-01-01T00:00:01Z"},
        {"purposes": {"allow": ["commercial"], "deny": ["advertising"]}},
        {"max_gamma": 0},
        {"purposes": None, "consumers": None, "influence_nats": None},
    ],
)
def test_a_policy_that_makes_sense_is_taken_and_said_in_words(changes):
    said = sentences.sentences(plain.parse({**GOOD, **changes}))
    assert len(said) >= 4
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in said)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(plain.terms()), JSON) | JSON)
@settings(deadline=None, max_examples=300)
def test_any_json_is_either_a_policy_or_refused_with_places(value):
    found = problems(value)
    assert all(one.path.startswith("$") for one in found)
    if not found:
        assert sentences.sentences(plain.parse(value))


def test_the_digest_does_not_depend_on_the_order_of_terms():
    assert plain.digest({"quote": True, "max_gamma": 1}) == plain.digest({"max_gamma": 1, "quote": True})
    assert plain.digest({"quote": True}) != plain.digest({"quote": False})
