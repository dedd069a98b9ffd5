"""From when until when: the start belongs to it, the end does not."""

from datetime import timedelta

import pytest

from marketplace.policy.kinds.time_window import TimeWindow
from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import NOON, ask, denied, places, policy, rule

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, None),
        (NOON, None, None),
        (NOON + HOUR, None, "time"),
        (None, NOON, "time"),
        (None, NOON + HOUR, None),
        (NOON - HOUR, NOON + HOUR, None),
    ],
)
def test_the_window_has_its_start_and_not_its_end(start, end, expected):
    assert rule(TimeWindow(start, end).verify(ask())) == expected


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z"),
    ],
)
def test_a_window_that_never_opens_is_refused(start, end):
    assert places(valid_from=start, valid_until=end) == ["$.valid_until"]


def test_it_is_said_and_explained():
    taken = policy(valid_until="2026-01-01T00:00:00Z")
    assert "Not after 01 January 2026, 00:00 UTC." in sentences(taken)
    assert denied(taken.verify(ask())).values == {
        "now": "2026-06-01T12:00:00+00:00", "valid_from": None, "valid_until": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
