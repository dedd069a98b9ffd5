"""Whether the owner has to approve first, and for which purposes an approval counts."""

import pytest

from marketplace.policy.request import AgreementFacts
from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import ask, denied, places, policy, rule


def approved(*purposes: str) -> AgreementFacts:
    return AgreementFacts(approved_for=frozenset(purposes))


@pytest.mark.parametrize(
    ("approval", "agreement", "purpose", "expected"),
    [
        (None, None, "research", None),
        ("none", None, "research", None),
        ("required", None, "research", "approval"),
        ("required", approved(), "research", "approval"),
        ("required", approved("research"), "research", None),
        ("required", approved("research"), "drug-discovery", None),
        ("required", approved("medical-research"), "research", "approval"),
        ("required", approved("education", "research"), "research", None),
        ("required", approved("education"), "research", "approval"),
    ],
)
def test_an_approval_is_for_the_stated_purposes(approval, agreement, purpose, expected):
    asked = ask(agreement=agreement, purpose=purpose)
    assert rule(policy(approval=approval).verify(asked)) == expected


@pytest.mark.parametrize("approval", ["yes", True, ["required"], ""])
def test_another_word_is_refused(approval):
    assert places(approval=approval) == ["$.approval"]


def test_it_is_said_and_explained():
    taken = policy(approval="required")
    assert "Every organisation has to state its purpose and be approved by the owner first." in sentences(
        taken
    )
    assert denied(taken.verify(ask(agreement=approved("education")))).values == {
        "consumer": "buyer", "purpose": "research", "approved_for": ["education"],
    }  # fmt: skip
