"""With whom a source does not vote: judged when the other voters are known."""

import pytest

from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import ask, denied, places, policy, rule


@pytest.mark.parametrize(
    ("sources", "others", "expected"),
    [
        (None, ["a"], None),
        ([], ["a"], None),
        (["a"], None, None),
        (["a"], [], None),
        (["a"], ["b"], None),
        (["a"], ["a", "b"], "not_together"),
        (["a", "b"], ["b"], "not_together"),
    ],
)
def test_a_named_source_among_the_voters_is_a_no(sources, others, expected):
    voters = None if others is None else frozenset(others)
    assert rule(policy(not_together_with=sources).verify(ask(others=voters))) == expected


@pytest.mark.parametrize(
    "sources", ["a", ["A b"], ["*"], ["group:a"], ["a", "a"], [f"s{one}" for one in range(101)]]
)
def test_what_names_no_source_is_refused(sources):
    assert places(not_together_with=sources) == ["$.not_together_with"]


def test_it_names_those_who_are_there():
    taken = policy(not_together_with=["c", "a", "b"])
    answer = denied(taken.verify(ask(others=frozenset({"b", "a", "x"}))))
    assert answer.reason == "It does not vote together with 'a' and 'b'."
    assert answer.values == {"not_together_with": ["a", "b", "c"], "present": ["a", "b"]}
    assert "It does not vote in the same answer as 'a', 'b' or 'c'." in sentences(taken)
