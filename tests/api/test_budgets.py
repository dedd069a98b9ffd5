"""/v1/sources/{slug}/budgets: every budget with its figures and estimates, alerts, pausing and resuming."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace import budget_alerts
from marketplace.models import Role
from tests.api.reading import problem
from tests.booking import NAT, answer, hold, top_up
from tests.builders import live_source

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]

AT = "/v1/sources/almanac/budgets"


def window(per="hour", kind="rolling", consumers="all", nats=100):
    return {"per": per, "kind": kind, "consumers": consumers, "nats": nats}


def offer(cast, *windows, **limits):
    for buyer in (cast.buyer, cast.outsider):
        top_up(buyer, 1_000_000)
    return live_source(cast.owner, influence_nats={**limits, "windows": list(windows)})


def lines(cast, query=""):
    body = cast.owner.api.get(AT + query).json()
    return {(one["budget"], one["consumer"]): one for one in body["results"]}


def test_every_budget_of_the_policy_is_listed_with_its_figures(cast):
    offer(cast, window(), window("month", "calendar", "each", 500), per_answer=50, lifetime=1000)
    answer(cast.buyer, "almanac", 4)
    hold(cast.outsider, "almanac", cap=3)
    found = lines(cast)
    assert set(found) == {
        ("lifetime", None), ("answer", None), ("hour-rolling-all", None),
        ("month-calendar-each", "buyer"), ("month-calendar-each", "outsider"),
    }  # fmt: skip
    lifetime = found["lifetime", None]
    figures = ("limit_nats", "spent_nats", "held_nats", "left_nats")
    assert [lifetime[name] for name in figures] == [1000, 4, 3, 993]
    assert lifetime["left_nano_nats"] == 993 * NAT
    rolling = found["hour-rolling-all", None]
    assert (rolling["window"], rolling["consumers"], rolling["left_nats"]) == ("rolling", "all", 93)
    own = found["month-calendar-each", "buyer"]
    assert (own["spent_nats"], own["held_nats"], own["left_nats"], own["state"]) == (4, 0, 496, "open")
    assert own["starts_at"].endswith("-01T00:00:00Z")
    assert found["answer", None]["limit_nats"] == 50


def test_a_window_that_nobody_used_yet_stands_with_its_full_limit(cast):
    offer(cast, window(consumers="each", nats=5))
    found = lines(cast)["hour-rolling-each", None]
    assert (found["limit_nats"], found["left_nats"], found["answers_left"]) == (5, 5, None)


def test_what_is_left_is_told_in_answers_and_until_when_at_the_rate_of_the_last_day(cast):
    offer(cast, window("day", "calendar", "each", 500), lifetime=1000)
    now = timezone.now()
    answer(cast.buyer, "almanac", 9, now=now - timedelta(hours=30))
    answer(cast.buyer, "almanac", 4, now=now - timedelta(hours=2))
    answer(cast.outsider, "almanac", 6, now=now - timedelta(hours=1))
    lifetime = lines(cast)["lifetime", None]
    assert (lifetime["recent_answers"], lifetime["recent_nano_nats"]) == (2, 10 * NAT)
    assert lifetime["answers_left"] == (1000 - 19) // 5
    expected = now + timedelta(days=98.1)
    assert abs(datetime.fromisoformat(lifetime["runs_out_at"]) - expected) < timedelta(hours=1)


def test_a_window_that_renews_itself_before_it_is_used_up_never_runs_out(cast):
    offer(cast, window("month", "rolling", "all", 400), window("hour", "rolling", "all", 300))
    answer(cast.buyer, "almanac", 9)
    answer(cast.buyer, "almanac", 9)
    found = lines(cast)
    hour, month = found["hour-rolling-all", None], found["month-rolling-all", None]
    assert (hour["lasts"], hour["runs_out_at"], hour["answers_left"]) == (True, None, 31)
    assert month["lasts"] is False
    assert month["runs_out_at"] is not None


def test_no_recent_answer_means_no_estimate(cast):
    offer(cast, lifetime=10)
    lifetime = lines(cast)["lifetime", None]
    assert (lifetime["answers_left"], lifetime["runs_out_at"], lifetime["lasts"]) == (None, None, None)


def test_null_is_unlimited_and_zero_is_exhausted(cast):
    offer(cast, window(nats=0))
    found = lines(cast)
    assert (found["lifetime", None]["limit_nats"], found["lifetime", None]["state"]) == (None, "unlimited")
    hour = found["hour-rolling-all", None]
    assert (hour["limit_nats"], hour["left_nats"], hour["state"]) == (0, 0, "exhausted")


def test_the_private_rate_counts_private_answers_only(cast):
    offer(cast, lifetime=1000)
    cast.owner.api.put(
        "/v1/sources/almanac/policy",
        {
            "consumers": {"allow": ["*"]}, "purposes": {"allow": ["research"]},
            "privacy": {"budget_nats": 100, "eta": 0.1, "delta": 1e-6},
        },
        format="json",
    )  # fmt: skip
    answer(cast.buyer, "almanac", 4)
    answer(cast.buyer, "almanac", 2, mode="private")
    found = lines(cast)
    assert found["lifetime", None]["recent_answers"] == 2
    assert found["privacy", None]["recent_answers"] == 1
    assert found["privacy", None]["answers_left"] == 49


def test_periods_that_are_over_are_listed_apart(cast):
    offer(cast, window("hour", "calendar", "each", 20))
    before = timezone.now() - timedelta(hours=3)
    answer(cast.buyer, "almanac", 4, now=before)
    answer(cast.buyer, "almanac", 2)
    assert lines(cast)["hour-calendar-each", "buyer"]["spent_nats"] == 2
    (past,) = cast.owner.api.get(f"{AT}?past=true").json()["results"]
    assert (past["state"], past["spent_nats"], past["answers_left"]) == ("over", 4, None)


def test_consumers_are_listed_in_pages_and_one_by_name(cast):
    offer(cast, window(consumers="each", nats=20))
    answer(cast.buyer, "almanac", 4)
    answer(cast.outsider, "almanac", 2)
    first = cast.owner.api.get(f"{AT}?page_size=1").json()
    assert [one["consumer"] for one in first["results"]] == [None, None, "outsider"]
    second = cast.owner.api.get(first["next"]).json()
    assert [one["consumer"] for one in second["results"]] == ["buyer"]
    (own,) = cast.owner.api.get(f"{AT}?consumer=buyer").json()["results"]
    assert own["spent_nats"] == 4


def test_the_queries_of_the_list_do_not_grow_with_its_lines(cast):
    offer(cast, window(consumers="each", nats=20), window("day", "calendar", "each", 20))
    cast.owner.api.get(AT)  # notes the use of the key
    counts = []
    for buyer in (cast.buyer, cast.outsider):
        answer(buyer, "almanac", 2)
        with CaptureQueriesContext(connection) as context:
            cast.owner.api.get(AT)
        counts.append(len(context))
    assert counts[0] == counts[1]


def test_a_budget_is_paused_and_resumed_over_the_api(cast):
    offer(cast, window(consumers="each", nats=20), lifetime=100)
    answer(cast.buyer, "almanac", 2)
    (line,) = cast.owner.api.post(
        f"{AT}/pause", {"budget": "lifetime", "reason": "A check."}, format="json"
    ).json()["results"]
    assert (line["state"], line["paused"]["by"], line["paused"]["reason"]) == ("paused", "owner", "A check.")
    assert (line["limit_nats"], line["left_nats"]) == (100, 98)
    (line,) = cast.owner.api.post(f"{AT}/resume", {"budget": "lifetime"}, format="json").json()["results"]
    assert (line["state"], line["paused"]) == ("open", None)
    wish = {"budget": "hour-rolling-each", "consumer": "buyer"}
    (line,) = cast.owner.api.post(f"{AT}/pause", wish, format="json").json()["results"]
    assert (line["consumer"], line["state"]) == ("buyer", "paused")


def test_what_cannot_be_paused_is_a_problem_with_a_next_step(cast):
    offer(cast, lifetime=100)
    post = cast.owner.api.post
    problem(post(f"{AT}/pause", {"budget": "week"}, format="json"), 422, "unknown_budget")
    problem(post(f"{AT}/pause", {}, format="json"), 422, "invalid")
    problem(post(f"{AT}/pause", {"budget": "lifetime", "for": 1}, format="json"), 422, "invalid")


@pytest.mark.parametrize("who", ["second_owner", "buyer", "outsider", "operator"])
def test_nobody_else_sees_or_pauses_the_budgets_of_a_source(cast, who):
    offer(cast, lifetime=100)
    api = getattr(cast, who).api
    for address in (AT, f"{AT}/alerts"):
        problem(api.get(address), 404, "not_found")
    for part in ("pause", "resume"):
        problem(api.post(f"{AT}/{part}", {"budget": "lifetime"}, format="json"), 404, "not_found")
    assert cast.stranger.get(AT).status_code == cast.stranger.post(f"{AT}/pause").status_code == 401


def test_who_may_only_read_sees_budgets_and_pauses_none(cast):
    offer(cast, lifetime=100)
    api = cast.owner.colleague(Role.VIEWER).api
    assert api.get(AT).status_code == 200
    problem(api.post(f"{AT}/pause", {"budget": "lifetime"}, format="json"), 403, "permission_denied")


def test_alerts_are_listed_newest_first_and_stand_beside_their_budget(cast):
    offer(cast, lifetime=10)
    answer(cast.buyer, "almanac", 9)
    budget_alerts.look(now=timezone.now())
    rows = cast.owner.api.get(f"{AT}/alerts").json()["results"]
    assert [(one["budget"], one["percent"], one["spent_nano_nats"]) for one in rows] == [
        ("lifetime", 80, 9 * NAT),
        ("lifetime", 50, 9 * NAT),
    ]
    assert lines(cast)["lifetime", None]["alerts"] == [50, 80]
