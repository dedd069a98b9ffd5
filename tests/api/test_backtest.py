"""/v1/sources/{slug}/policy/backtest: the last days under a draft, as they would have been billed."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace import demand
from marketplace.backtest import run
from marketplace.models import PolicyVersion, Role, Source
from tests.api.reading import problem
from tests.booking import NAT, answer, top_up
from tests.builders import draft_source, live_source, policy

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]

ADDRESS = "/v1/sources/almanac/policy/backtest"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def source(cast, now) -> Source:
    """Five answers of the buyer and two of the second owner, over the last days; offered a month ago."""
    top_up(cast.buyer)
    top_up(cast.second_owner)
    made = live_source(cast.owner, influence_nats={"lifetime": 1000, "per_answer": 200})
    Source.objects.filter(pk=made.pk).update(created_at=now - timedelta(days=30))
    for number in range(5):
        answer(cast.buyer, "almanac", 4, now=now - timedelta(hours=12 * number + 1))
    for number in range(2):
        answer(cast.second_owner, "almanac", 9, now=now - timedelta(days=2 + number), purpose="teaching")
    return made


def ask(cast, draft, days=30, **query):
    return cast.owner.api.post(
        ADDRESS, {"policy": draft, "days": days}, format="json", QUERY_STRING=query.get("query", "")
    )


def test_the_policy_in_force_would_have_changed_nothing(cast, source):
    body = ask(cast, source.policy.plain).json()
    total = body["total"]
    assert (total["answers"], total["refused"], total["limited"]) == (7, 0, 0)
    assert total["draft_nano_nats"] == total["nano_nats"] == 38 * NAT
    assert total["draft_micro_usd"] == total["micro_usd"] == 38 * 20
    assert body["refused_by_rule"] == []


def test_a_narrower_purpose_refuses_who_asked_for_it(cast, source):
    body = ask(cast, policy(purposes={"allow": ["research"]})).json()
    assert body["refused_by_rule"] == [{"rule": "purpose", "count": 2}]
    by_consumer = {one["consumer"]: one for one in body["by_consumer"]}
    assert by_consumer["second-owner"]["refused"] == 2
    assert by_consumer["second-owner"]["draft_micro_usd"] == 0
    assert by_consumer["buyer"]["draft_micro_usd"] == by_consumer["buyer"]["micro_usd"] == 20 * 20


def test_prices_floor_and_ceiling_are_billed_as_an_answer_is(cast, source):
    draft = policy(price_micro_usd_per_nat=30, floor_price_micro_usd=130, ceiling_price_micro_usd=200)
    assert ask(cast, draft).json()["total"]["draft_micro_usd"] == 5 * 130 + 2 * 200


def test_budgets_are_spent_in_order_on_top_of_what_was_spent_before(cast, source):
    body = ask(cast, policy(influence_nats={"lifetime": 34}), days=2).json()
    total = body["total"]
    before = 38 * NAT - total["nano_nats"]
    assert before > 0
    assert total["draft_nano_nats"] == 34 * NAT - before
    assert total["limited"] + total["refused"] >= 1


def test_days_add_up_to_the_total_and_every_day_is_there(cast, source):
    body = ask(cast, policy(purposes={"allow": ["education"]}), days=7).json()
    assert len(body["by_day"]) == 7
    for name, value in body["total"].items():
        assert sum(one[name] for one in body["by_day"]) == value
        assert sum(one[name] for one in body["by_consumer"]) == value


def test_windows_of_a_draft_hold_from_the_first_answer_on(cast, source):
    windows = [{"per": "day", "kind": "calendar", "consumers": "each", "nats": 4}]
    body = ask(cast, policy(influence_nats={"windows": windows})).json()
    assert all(one["draft_nano_nats"] <= 8 * NAT for one in body["by_day"])
    assert body["total"]["limited"] == 2


def test_an_answer_whose_purpose_is_on_no_record_is_kept_as_it_was(cast, source):
    answer(cast.buyer, "almanac", 1, now=timezone.now(), detail={})
    body = ask(cast, policy(purposes={"allow": ["research"]})).json()
    assert (body["total"]["refused"], body["total"]["unknown"]) == (2, 1)
    assert any("1 of the answers" in note for note in body["notes"])


def test_an_older_answer_is_judged_by_what_its_receipt_says(cast, source):
    answer(cast.buyer, "almanac", 1, detail={}, receipt={"purpose": "teaching", "mode": "open"})
    assert ask(cast, policy(purposes={"allow": ["research"]})).json()["total"]["refused"] == 3


def test_refused_requests_that_a_draft_would_consider_are_counted_without_names(cast, source, now):
    count(cast.outsider, "advertising", now)
    count(cast.outsider, "advertising", now)
    count(cast.buyer, "journalism", now)
    body = ask(cast, policy(purposes={"allow": ["*"]})).json()
    assert body["total"]["considered"] == 3
    assert body["considered_by_rule"] == [{"rule": "purpose", "count": 3}]
    names = {one["consumer"]: one["considered"] for one in body["by_consumer"]}
    assert names == {"buyer": 1, "second-owner": 0, None: 2}
    assert "outsider" not in str(body)


def test_a_request_that_chose_the_source_and_was_refused_is_counted_once(cast, source, now):
    asked = demand.Asked(
        consumer=cast.buyer.organisation, purpose="journalism", mode="open", output="answer",
        to_everybody=False, refused={"almanac": "purpose"}, others={},
    )  # fmt: skip
    demand.count(asked, now=now)
    assert ask(cast, policy(purposes={"allow": ["*"]})).json()["total"]["considered"] == 1


def test_a_draft_that_refuses_them_too_considers_nobody(cast, source, now):
    count(cast.outsider, "advertising", now)
    assert ask(cast, policy()).json()["total"]["considered"] == 0


def test_the_owners_own_questions_are_not_demand(cast, source, now):
    count(cast.owner, "advertising", now)
    assert ask(cast, policy(purposes={"allow": ["*"]})).json()["total"]["considered"] == 0


@pytest.mark.parametrize(("by", "rows"), [("consumer", 2), ("day", 30)])
def test_the_file_has_a_row_for_each(cast, source, by, rows):
    reply = ask(cast, policy(), query=f"format=csv&by={by}")
    text = b"".join(reply.streaming_content).decode()
    table = list(csv.DictReader(io.StringIO(text)))
    assert len(table) == rows
    assert sum(int(one["micro_usd"]) for one in table) == 38 * 20
    assert next(iter(table[0])) == by


def test_a_contradictory_draft_is_refused_with_its_places(cast, source):
    body = problem(ask(cast, policy(purposes={"allow": ["fun"]})), 422, "invalid_policy")
    assert body["problems"][0]["path"] == "$.purposes.allow"


@pytest.mark.parametrize("days", [0, 91, "many"])
def test_days_beyond_the_range_are_refused(cast, source, days):
    body = problem(ask(cast, policy(), days=days), 422, "invalid")
    assert body["problems"][0]["path"] == "$.days"


def test_too_many_answers_are_refused_with_the_days_that_fit(cast, source, monkeypatch):
    monkeypatch.setattr(run, "MOST_ANSWERS", 5)
    body = problem(ask(cast, policy()), 422, "too_many_answers")
    assert "days or fewer" in body["next_step"]
    days = int(body["next_step"].split()[2])
    assert ask(cast, policy(), days=days).status_code == 200


def test_a_source_without_answers_says_so_in_zeros(cast):
    draft_source(cast.owner)
    total = ask(cast, policy()).json()["total"]
    assert set(total.values()) == {0}


def test_a_viewer_may_try_and_others_know_of_nothing(cast, source):
    body = {"policy": policy()}
    assert cast.owner.colleague(Role.VIEWER).api.post(ADDRESS, body, format="json").status_code == 200
    for other in (cast.second_owner, cast.buyer, cast.outsider, cast.operator):
        problem(other.api.post(ADDRESS, body, format="json"), 404, "not_found")
    problem(cast.stranger.post(ADDRESS, body, format="json"), 401, "unauthenticated")
    problem(cast.owner.key_for("account").post(ADDRESS, body, format="json"), 403, "permission_denied")


def test_nothing_is_published_and_the_queries_do_not_grow_with_answers(
    cast, source, django_assert_max_num_queries
):
    with django_assert_max_num_queries(25):
        ask(cast, policy())
    assert PolicyVersion.objects.count() == 1


def count(actor, purpose, now):
    asked = demand.Asked(
        consumer=actor.organisation, purpose=purpose, mode="open", output="answer", to_everybody=True,
        refused={}, others={},
    )  # fmt: skip
    demand.count(asked, now=now)
