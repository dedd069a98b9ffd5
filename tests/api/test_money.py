"""/v1/account, /v1/account/usage, /earnings, /budgets: numbers that lead to receipts."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from accounting.maths import zcdp
from tests.api.reading import problem
from tests.booking import answer, hold, top_up
from tests.builders import live_source

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]

DAILY = {"per_answer": 200, "per_consumer_day": 1000, "lifetime": 100_000}


def rows_of(response):
    return list(csv.DictReader(io.StringIO(response.getvalue().decode())))


def test_an_account_shows_balance_holds_and_the_key(cast):
    live_source(cast.owner)
    top_up(cast.buyer, 1_000)
    hold(cast.buyer, "almanac")
    body = cast.buyer.api.get("/v1/account").json()
    assert body["balance_micro_usd"] == 1_000
    assert body["held_micro_usd"] == 210
    assert body["available_micro_usd"] == 790
    assert (body["currency"], body["unit"]) == ("USD", "micro_usd")
    assert body["key"]["default_purpose"] == "academic-research"
    assert body["key"]["spend_cap_micro_usd"] is None


def test_a_key_with_a_spend_cap_shows_what_is_left_of_it(cast):
    key = cast.buyer.key_for("account", spend_cap_micro_usd=500).get("/v1/account").json()["key"]
    assert (key["spend_cap_micro_usd"], key["spend_left_micro_usd"]) == (500, 500)


def test_usage_lists_every_receipt_with_its_lines(cast):
    live_source(cast.owner)
    top_up(cast.buyer, 10_000)
    answer(cast.buyer, "almanac", 3)
    answer(cast.buyer, "almanac", 4)
    page = cast.buyer.api.get("/v1/account/usage").json()
    assert [one["total_micro_usd"] for one in page["results"]] == [84, 63]
    assert page["results"][0]["sources"] == [
        {"source": "almanac", "nano_nats": 4 * 10**9, "charge_micro_usd": 80, "floor_top_up_micro_usd": 0}
    ]
    assert cast.outsider.api.get("/v1/account/usage").json()["results"] == []


@pytest.mark.parametrize("how", [{"QUERY_STRING": "format=csv"}, {"HTTP_ACCEPT": "text/csv"}])
def test_usage_as_csv_sums_to_what_left_the_wallet(cast, how):
    live_source(cast.owner)
    top_up(cast.buyer, 10_000)
    answer(cast.buyer, "almanac", 3)
    answer(cast.buyer, "almanac", 4)
    response = cast.buyer.api.get("/v1/account/usage", **how)
    assert response["Content-Type"].startswith("text/csv")
    assert sum(int(row["total_micro_usd"]) for row in rows_of(response)) == 147
    assert cast.buyer.api.get("/v1/account").json()["balance_micro_usd"] == 10_000 - 147


def test_earnings_lead_to_receipts_and_sum_up(cast):
    live_source(cast.owner)
    top_up(cast.buyer, 10_000)
    answer(cast.buyer, "almanac", 3)
    answer(cast.buyer, "almanac", 4)
    page = cast.owner.api.get("/v1/sources/almanac/earnings").json()
    assert page["earned_micro_usd"] == 140 == sum(one["total_micro_usd"] for one in page["results"])
    assert {one["consumer"] for one in page["results"]} == {"buyer"}
    usage = cast.buyer.api.get("/v1/account/usage").json()["results"]
    assert {one["receipt_id"] for one in page["results"]} == {one["receipt_id"] for one in usage}
    as_csv = rows_of(cast.owner.api.get("/v1/sources/almanac/earnings?format=csv"))
    assert sum(int(row["total_micro_usd"]) for row in as_csv) == 140


def test_a_window_of_time_narrows_the_lines(cast):
    live_source(cast.owner)
    top_up(cast.buyer, 10_000)
    now = timezone.now()
    answer(cast.buyer, "almanac", 3, now=now)
    answer(cast.buyer, "almanac", 4, now=now + timedelta(days=2))
    until = (now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    page = cast.owner.api.get("/v1/sources/almanac/earnings", {"to": until}).json()
    assert [one["nano_nats"] for one in page["results"]] == [3 * 10**9]
    since = cast.buyer.api.get("/v1/account/usage", {"from": until}).json()
    assert [one["total_micro_usd"] for one in since["results"]] == [84]


def test_a_window_that_is_no_time_is_invalid(cast):
    problem(cast.buyer.api.get("/v1/account/usage?from=yesterday"), 422, "invalid")


def test_a_month_is_a_window_too(cast):
    live_source(cast.owner)
    top_up(cast.buyer, 10_000)
    now = timezone.now()
    answer(cast.buyer, "almanac", 3, now=now)
    answer(cast.buyer, "almanac", 4, now=now - timedelta(days=40))
    for address, actor, field, amount in (
        ("/v1/account/usage", cast.buyer, "total_micro_usd", 63),
        ("/v1/sources/almanac/earnings", cast.owner, "total_micro_usd", 60),
    ):
        page = actor.api.get(address, {"month": f"{now:%Y-%m}"}).json()
        assert [one[field] for one in page["results"]] == [amount]
        problem(actor.api.get(address, {"month": "2026-13"}), 422, "invalid_month")
        problem(actor.api.get(address, {"month": "2026-11", "from": "2026-11-01T00:00:00Z"}), 422, "invalid")


def test_a_problem_stays_json_where_csv_was_asked_for(cast):
    live_source(cast.owner)
    problem(cast.buyer.api.get("/v1/sources/almanac/earnings?format=csv"), 404, "not_found")


def test_budgets_show_what_was_spent_and_what_is_held(cast):
    live_source(cast.owner, influence_nats=DAILY)
    top_up(cast.buyer, 10_000)
    answer(cast.buyer, "almanac", 3)
    hold(cast.buyer, "almanac")
    lifetime, _, day = cast.owner.api.get("/v1/sources/almanac/budgets").json()["results"]
    nat = 10**9
    assert (lifetime["kind"], lifetime["limit_nano_nats"]) == ("lifetime", 100_000 * nat)
    assert (lifetime["spent_nano_nats"], lifetime["held_nano_nats"]) == (3 * nat, 10 * nat)
    assert (day["budget"], day["state"]) == ("day-calendar-each", "open")
    assert (day["kind"], day["consumer"], day["left_nano_nats"]) == ("day", "buyer", 987 * nat)


def test_an_unlimited_budget_shows_null_and_still_counts(cast):
    live_source(cast.owner, influence_nats=None)
    top_up(cast.buyer, 10_000)
    answer(cast.buyer, "almanac", 3)
    lifetime, _ = cast.owner.api.get("/v1/sources/almanac/budgets").json()["results"]
    assert (lifetime["limit_nano_nats"], lifetime["left_nano_nats"]) == (None, None)
    assert lifetime["spent_nano_nats"] == 3 * 10**9


def test_a_privacy_budget_shows_its_epsilon(cast):
    live_source(cast.owner, privacy={"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6})
    _, privacy, _ = cast.owner.api.get("/v1/sources/almanac/budgets").json()["results"]
    assert (privacy["kind"], privacy["limit_nano_nats"]) == ("privacy", 1_500_000_000)
    assert (privacy["epsilon_spent"], privacy["epsilon_spent_if_replaced"]) == (0.0, 0.0)
    assert privacy["delta"] == 1e-6


def test_a_privacy_budget_says_what_it_guarantees_and_what_a_replacement_costs_beside_it(cast):
    live_source(cast.owner, privacy={"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6})
    _, privacy, _ = cast.owner.api.get("/v1/sources/almanac/budgets").json()["results"]
    rho = 1.5 / 2  # at alpha 2
    assert privacy["epsilon_limit"] == pytest.approx(zcdp.epsilon(rho_zcdp=rho, delta=1e-6))
    assert privacy["epsilon_limit_if_replaced"] == pytest.approx(zcdp.epsilon(rho_zcdp=4 * rho, delta=1e-6))
