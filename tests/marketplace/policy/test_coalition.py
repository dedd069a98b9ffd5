"""A vote that counts only if others speak: judged when the other voters are known."""

import pytest

from marketplace.policy.request import Allow
from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import ask, denied, places, policy, rule


@pytest.mark.parametrize(
    ("least", "others", "expected"),
    [
        (None, None, None),
        (0, [], None),
        (1, None, None),
        (1, [], "coalition"),
        (1, ["a"], None),
        (2, ["a"], "coalition"),
        (2, ["a", "b"], None),
        (2, ["a", "b", "c"], None),
    ],
)
def test_others_are_counted(least, others, expected):
    voters = None if others is None else frozenset(others)
    assert rule(policy(minimum_coalition=least).verify(ask(others=voters))) == expected


@pytest.mark.parametrize("least", [-1, 65, 1.5, "2", True, [1]])
def test_a_number_that_is_none_is_refused(least):
    assert places(minimum_coalition=least) == ["$.minimum_coalition"]


def test_it_is_asked_again_at_the_seats_and_says_with_which_values():
    taken = policy(minimum_coalition=2)
    assert isinstance(taken.verify(ask()), Allow)
    (step,) = [one for one in taken.explain(ask()) if one.kind == "coalition"]
    assert (step.outcome, step.values) == ("later", {"least_others": 2, "others": None})
    answer = denied(taken.verify(ask(others=frozenset({"a"}))))
    assert answer.reason == "It votes only if at least 2 other sources do; 1 would."
    assert answer.values == {"least_others": 2, "others": 1}
    assert "It votes only if at least 2 other sources vote too." in sentences(taken)
