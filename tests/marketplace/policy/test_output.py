"""What may come out of a source; training of others never."""

import pytest

from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import ask, denied, limits, places, policy, problems, rule


@pytest.mark.parametrize(
    ("terms", "yes"),
    [
        ({}, {"answer", "classification"}),
        ({"quote": True}, {"answer", "classification", "quotation"}),
        ({"outputs": {"allow": ["answer"]}}, {"answer"}),
        ({"outputs": {"allow": ["classification"]}}, {"classification"}),
        ({"outputs": {"allow": ["quotation"]}, "quote": True}, {"quotation"}),
    ],
)
def test_each_output_has_its_permission(terms, yes):
    taken = policy(**terms)
    found = {
        one
        for one in ("answer", "quotation", "classification")
        if rule(taken.verify(ask(output=one))) is None
    }
    assert found == yes


@pytest.mark.parametrize(
    ("terms", "path"),
    [
        ({"outputs": {"allow": ["training"]}}, "$.outputs.allow"),
        ({"outputs": {"allow": ["poem"]}}, "$.outputs.allow"),
        ({"outputs": {"allow": []}}, "$.outputs.allow"),
        ({"outputs": {}}, "$.outputs.allow"),
        ({"outputs": {"allow": ["answer"], "deny": ["quotation"]}}, "$.outputs.deny"),
        ({"outputs": {"allow": ["answer", "quotation"]}}, "$.outputs.allow"),
        ({"outputs": {"allow": ["answer"]}, "quote": True}, "$.outputs.allow"),
    ],
)
def test_what_cannot_be_allowed_is_refused_at_its_place(terms, path):
    assert places(**terms) == [path]


def test_training_of_others_is_refused_by_name_and_every_policy_says_so():
    ((_, sentence),) = problems(outputs={"allow": ["answer", "training"]})
    assert sentence == "Training of others is never allowed; take it out of the list."
    said = "No model of others may be trained on it or on what it says; no policy can allow that."
    assert said in sentences(policy())


def test_a_no_gives_the_values_that_decided_and_a_yes_says_whether_passages_may_be_shown():
    answer = denied(policy(outputs={"allow": ["classification"]}).verify(ask()))
    assert answer.values == {"output": "answer", "allowed": ["classification"]}
    assert limits(policy(quote=True).verify(ask())).quote is True
