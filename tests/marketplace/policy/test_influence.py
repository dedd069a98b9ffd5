"""Limits of influence: rounded down, windows read strictly, checked against each other, said in words."""

from datetime import UTC, datetime

import pytest

from marketplace.policy import plain, sentences
from marketplace.policy.problems import PolicyInvalid
from marketplace.policy.windows import Window

NANO = 10**9


def window(per="day", kind="calendar", consumers="all", nats=10):
    return {"per": per, "kind": kind, "consumers": consumers, "nats": nats}


def parse(*windows, **limits):
    return plain.parse({"influence_nats": {**limits, "windows": list(windows)}})


def problems(*windows, **limits):
    with pytest.raises(PolicyInvalid) as error:
        parse(*windows, **limits)
    return [(one.path, one.sentence) for one in error.value.problems]


def test_windows_stand_beside_the_short_form_of_a_consumers_day():
    limits = parse(window("hour", "rolling", "each", 0.5), per_consumer_day=2).limits
    assert limits.all_windows == (
        Window("day", "calendar", "each", 2 * NANO),
        Window("hour", "rolling", "each", NANO // 2),
    )


@pytest.mark.parametrize(
    ("written", "nano_nats"), [(None, None), (0, 0), (0.0000000019, 1), (1.5, 1_500_000_000)]
)
def test_a_limit_is_never_wider_than_it_was_written(written, nano_nats):
    limits = plain.parse({"influence_nats": {"per_answer": written, "lifetime": written}}).limits
    assert (limits.per_answer_nano_nats, limits.lifetime_nano_nats) == (nano_nats, nano_nats)


def test_no_windows_no_limit_and_zero_is_not_the_same():
    assert plain.parse({"influence_nats": {"windows": None}}).limits.all_windows == ()
    assert parse(window(nats=0)).limits.all_windows[0].nano_nats == 0


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"per": "week"}, "per"),
        ({"per": None}, "per"),
        ({"kind": ["rolling"]}, "kind"),
        ({"consumers": "some"}, "consumers"),
        ({"nats": None}, "nats"),
        ({"nats": -1}, "nats"),
        ({"nats": "10"}, "nats"),
        ({"since": 1}, "since"),
    ],
)
def test_a_window_that_cannot_be_read_is_refused_at_its_place(changes, place):
    assert [path for path, _ in problems({**window(), **changes})] == [f"$.influence_nats.windows[0].{place}"]


@pytest.mark.parametrize("value", [5, {}, "day", [5], [None]])
def test_windows_are_a_list_of_objects(value):
    with pytest.raises(PolicyInvalid) as error:
        plain.parse({"influence_nats": {"windows": value}})
    assert error.value.problems[0].path.startswith("$.influence_nats.windows")


@pytest.mark.parametrize(
    ("windows", "limits", "path"),
    [
        ([window(nats=11)], {"lifetime": 10}, "windows[0].nats"),
        ([window("hour", nats=11), window("day", nats=10)], {}, "windows[0].nats"),
        ([window("day", "rolling", nats=11), window("month", nats=10)], {}, "windows[0].nats"),
        ([window(consumers="each", nats=11), window(consumers="all", nats=10)], {}, "windows[0].nats"),
        ([window(nats=10)], {"per_answer": 11}, "per_answer"),
        ([window(nats=10)], {"per_consumer_day": 11}, "per_consumer_day"),
    ],
)
def test_a_limit_within_a_smaller_one_is_a_contradiction(windows, limits, path):
    ((where, sentence),) = problems(*windows, **limits)
    assert where == f"$.influence_nats.{path}"
    assert "is larger than the limit" in sentence


def test_a_long_window_of_one_and_a_short_window_of_all_do_not_contradict_each_other():
    parse(window("month", consumers="each", nats=100), window("hour", consumers="all", nats=10))


def test_the_same_window_twice_is_refused():
    assert [path for path, _ in problems(window(), window(nats=5))] == ["$.influence_nats.windows[1]"]
    ((path, sentence),) = problems(window(consumers="each", nats=5), per_consumer_day=5)
    assert path == "$.influence_nats.windows[0]"
    assert "per_consumer_day is the same window" in sentence


def test_every_window_is_said_in_plain_words():
    said = sentences.sentences(
        parse(window("hour", "rolling", "all", 7), window("month", "calendar", "each", 9), per_consumer_day=8)
    )
    assert "It moves the answers of one organisation in a day (UTC) by at most 8 nats." in said
    assert "It moves all answers together in any 60 minutes by at most 7 nats." in said
    assert "It moves the answers of one organisation in a month (UTC) by at most 9 nats." in said


@pytest.mark.parametrize(
    ("per", "start", "end"),
    [
        ("hour", "2027-12-31T23:00Z", "2028-01-01T00:00Z"),
        ("day", "2027-12-31T00:00Z", "2028-01-01T00:00Z"),
        ("month", "2027-12-01T00:00Z", "2028-01-01T00:00Z"),
    ],
)
def test_calendar_periods_are_those_of_utc(per, start, end):
    now = datetime(2027, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    one = Window(per, "calendar", "all", 1)
    assert one.starts_at(now) == datetime.fromisoformat(start)
    assert one.ends_at(now) == datetime.fromisoformat(end)
