"""What has to be shown beside an answer goes with the limits of a yes."""

import pytest

from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import ask, limits, places, policy


@pytest.mark.parametrize("notice", [None, "From the Almanac, © 2026 Owner.", "x" * 300])
def test_the_notice_comes_with_a_yes(notice):
    assert limits(policy(attribution_notice=notice).verify(ask())).attribution_notice == notice


@pytest.mark.parametrize("notice", ["", "   ", "two\nlines", "\u202edesrever", 5, ["x"], "x" * 301, "\x00"])
def test_a_notice_that_cannot_be_shown_is_refused(notice):
    assert places(attribution_notice=notice) == ["$.attribution_notice"]


def test_it_is_said_in_words():
    said = sentences(policy(attribution_notice="From the Almanac."))
    assert "Whoever shows an answer that it voted in has to show: 'From the Almanac.'." in said
