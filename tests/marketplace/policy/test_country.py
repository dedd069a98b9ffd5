"""From where a source may be used; an unconfirmed country is no country."""

import pytest

from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import ask, denied, places, policy, rule


@pytest.mark.parametrize(
    ("countries", "country", "expected"),
    [
        (None, None, None),
        (None, "DE", None),
        ({}, None, None),
        ({"allow": ["DE", "FR"]}, "DE", None),
        ({"allow": ["DE", "FR"]}, "US", "country"),
        ({"allow": ["DE"]}, None, "country"),
        ({"deny": ["US"]}, "DE", None),
        ({"deny": ["US"]}, "US", "country"),
        ({"deny": ["US"]}, None, "country"),
        ({"allow": None, "deny": ["US"]}, "DE", None),
        ({"allow": ["DE"], "deny": ["US"]}, "US", "country"),
    ],
)
def test_a_country_decides(countries, country, expected):
    assert rule(policy(countries=countries).verify(ask(country=country))) == expected


@pytest.mark.parametrize(
    ("countries", "path"),
    [
        ({"allow": ["XX"]}, "$.countries.allow"),
        ({"allow": ["de"]}, "$.countries.allow"),
        ({"allow": ["*"]}, "$.countries.allow"),
        ({"allow": []}, "$.countries.allow"),
        ({"deny": ["Germany"]}, "$.countries.deny"),
        ({"allow": ["DE"], "deny": ["DE"]}, "$.countries"),
        ({"only": ["DE"]}, "$.countries.only"),
        (["DE"], "$.countries"),
    ],
)
def test_what_is_no_country_is_refused_at_its_place(countries, path):
    assert places(countries=countries) == [path]


def test_a_no_names_the_country_and_gives_the_values():
    answer = denied(policy(countries={"allow": ["FR", "DE"]}).verify(ask(country="US")))
    assert answer.reason == "The policy does not allow organisations in United States."
    assert answer.values == {"country": "US", "allowed": ["DE", "FR"], "denied": []}


@pytest.mark.parametrize(
    ("countries", "sentence"),
    [
        ({"allow": ["FR", "DE"]}, "Only organisations in France and Germany may use it."),
        ({"deny": ["FR", "DE"]}, "Organisations in France or Germany may not use it."),
    ],
)
def test_it_is_said_in_words(countries, sentence):
    assert sentence in sentences(policy(countries=countries))
