"""What an owner asks for, and in which kind of answer the source votes."""

import pytest

from marketplace.policy.kinds.modes import Modes
from marketplace.policy.request import PrivacyTerms
from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import ask, denied, limits, places, policy, rule

TERMS = PrivacyTerms(1_500_000_000, 0.1, 1e-6)
PRIVACY = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}


@pytest.mark.parametrize(
    ("regime", "privacy", "mode", "expected"),
    [
        ("measurement", None, "open", None),
        ("measurement", None, "private", "regime"),
        ("measurement", TERMS, "private", None),
        ("attribution", None, "open", None),
        ("privacy", TERMS, "open", "regime"),
        ("privacy", TERMS, "private", None),
    ],
)
def test_the_privacy_regime_votes_in_private_answers_only_and_those_need_a_privacy_clause(
    regime, privacy, mode, expected
):
    assert rule(Modes(regime, privacy).verify(ask(mode=mode))) == expected


@pytest.mark.parametrize(
    ("terms", "path"),
    [
        ({"regime": "privacy"}, "$.privacy"),
        ({"regime": "privacy", "privacy": PRIVACY, "quote": True}, "$.quote"),
        ({"regime": "attribution"}, "$.floor_nats"),
        ({"floor_nats": 1}, "$.floor_nats"),
        ({"regime": "attribution", "floor_nats": 5, "influence_nats": {"per_answer": 4}}, "$.floor_nats"),
        ({"regime": "attribution", "floor_nats": 5, "max_gamma": 0}, "$.max_gamma"),
    ],
)
def test_thresholds_that_contradict_the_regime_are_refused(terms, path):
    assert places(**terms) == [path]


def test_the_thresholds_come_with_a_yes_are_said_and_explained():
    taken = policy(regime="attribution", floor_nats=2.5, privacy=PRIVACY)
    found = limits(taken.verify(ask()))
    assert (found.regime, found.floor_nats, found.privacy) == ("attribution", 2.5, TERMS)
    assert "An answer that uses it should rest on it by at least 2.5 nats." in sentences(taken)
    answer = denied(policy(regime="privacy", privacy=PRIVACY).verify(ask()))
    assert answer.values == {"mode": "open", "regime": "privacy"}
