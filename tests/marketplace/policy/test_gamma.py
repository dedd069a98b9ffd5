"""The ceiling on a source's voting right."""

import pytest

from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import ask, limits, places, policy


@pytest.mark.parametrize(("written", "most"), [(None, 1.0), (1, 1.0), (0.25, 0.25), (0, 0.0)])
def test_the_ceiling_comes_with_a_yes(written, most):
    assert limits(policy(max_gamma=written).verify(ask())).max_gamma == most


@pytest.mark.parametrize("written", ["1", True, 1.0001, -0.1, float("nan"), 10**400])
def test_what_is_no_voting_right_is_refused(written):
    assert places(max_gamma=written) == ["$.max_gamma"]


def test_it_is_said_where_it_is_less_than_a_full_vote():
    assert "Its voting right is at most 25%." in sentences(policy(max_gamma=0.25))
    assert not any("voting right" in one for one in sentences(policy(max_gamma=1)))
