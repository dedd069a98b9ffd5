"""What an answer may be for: a term covers the terms below it, and deny wins."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.policy import purposes
from marketplace.policy.kinds.purposes import Purposes
from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import ask, denied, places, policy, problems, rule


@pytest.mark.parametrize(
    ("allow", "deny", "purpose", "expected"),
    [
        ([], [], "research", "purpose"),
        (["research"], [], "research", None),
        (["research"], [], "medical-research", None),
        (["research"], [], "drug-discovery", None),
        (["medical-research"], [], "research", "purpose"),
        (["commercial"], [], "research", "purpose"),
        (["*"], [], "advertising", None),
        (["*"], ["commercial"], "advertising", "purpose"),
        (["*"], ["commercial"], "political-advertising", "purpose"),
        (["*"], ["advertising"], "commercial", None),
        (["commercial"], ["advertising"], "advertising", "purpose"),
        (["commercial"], ["advertising"], "political-advertising", "purpose"),
        (["commercial"], ["advertising"], "customer-support", None),
        (["advertising"], ["commercial"], "advertising", "purpose"),
        (["*"], [], "not-in-the-taxonomy", None),
        (["research"], [], "not-in-the-taxonomy", "purpose"),
    ],
)
def test_a_purpose_inherits_from_those_above_it(allow, deny, purpose, expected):
    clause = Purposes(frozenset(allow), frozenset(deny))
    assert rule(clause.verify(ask(purpose=purpose))) == expected


@pytest.mark.parametrize(
    ("terms", "path"),
    [
        ({"allow": ["fun"]}, "$.purposes.allow"),
        ({"allow": ["*"], "deny": ["fun"]}, "$.purposes.deny"),
        ({"allow": ["*"], "deny": ["*"]}, "$.purposes.deny"),
        ({"allow": ["research"], "deny": ["research"]}, "$.purposes"),
        ({"allow": ["drug-discovery"], "deny": ["research"]}, "$.purposes.allow"),
    ],
)
def test_a_purpose_that_makes_no_sense_is_refused_at_its_place(terms, path):
    assert places(purposes=terms) == [path]


def test_a_term_without_effect_is_told_with_both_sides():
    ((_, sentence),) = problems(purposes={"allow": ["medical-research"], "deny": ["research"]})
    assert "'medical-research' has no effect, because 'research'" in sentence


def test_a_no_names_the_term_that_decided():
    answer = denied(
        policy(purposes={"allow": ["*"], "deny": ["research"]}).verify(ask(purpose="drug-discovery"))
    )
    assert answer.reason == "The policy denies the purpose 'research', which includes 'drug-discovery'."
    assert answer.values == {"purpose": "drug-discovery", "allowed": ["*"], "denied": ["research"]}


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"allow": []}, "It may be used for no purpose: none is allowed yet."),
        ({"allow": ["*"], "deny": ["advertising"]}, "It may be used for every purpose, except advertising."),
        ({"allow": ["teaching", "research"]}, "It may be used for research and teaching."),
    ],
)
def test_it_is_said_in_words(terms, sentence):
    assert sentence in sentences(policy(purposes=terms))


TERMS = st.frozensets(st.sampled_from(sorted(purposes.PURPOSES)), max_size=4)
PURPOSE = st.sampled_from(sorted(purposes.PURPOSES))


@given(allow=TERMS, deny=TERMS, purpose=PURPOSE)
@settings(deadline=None)
def test_deny_wins_whatever_else_is_allowed(allow, deny, purpose):
    answer = Purposes(allow | {purpose, "*"}, deny).verify(ask(purpose=purpose))
    assert (rule(answer) == "purpose") == bool(deny & set(purposes.lineage(purpose)))


@given(allow=TERMS, deny=TERMS, purpose=PURPOSE)
@settings(deadline=None)
def test_what_a_purpose_may_its_children_may_unless_they_are_denied(allow, deny, purpose):
    clause = Purposes(allow, deny)
    for child in purposes.PURPOSES.values():
        if (
            child.parent == purpose
            and child.slug not in deny
            and rule(clause.verify(ask(purpose=purpose))) is None
        ):
            assert rule(clause.verify(ask(purpose=child.slug))) is None


def test_every_parent_in_the_taxonomy_exists_and_no_lineage_turns_in_a_circle():
    for one in purposes.PURPOSES.values():
        line = purposes.lineage(one.slug)
        assert len(line) == len(set(line)) <= 3
        assert all(purposes.known(term) for term in line)


FIRST_PUBLISHED = (
    "research", "academic-research", "medical-research", "market-research", "education", "teaching",
    "self-study", "commercial", "advertising", "product-development", "customer-support", "internal-tools",
    "software-development", "journalism", "personal", "public-service", "evaluation",
)  # fmt: skip


def test_terms_are_stable():
    assert all(purposes.known(term) for term in FIRST_PUBLISHED)
    assert purposes.lineage("medical-research") == ("medical-research", "research")
