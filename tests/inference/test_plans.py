"""Plans: who would vote and what it can cost, at no cost."""

import pytest
from django.core.cache import cache

from accounting.models import Hold
from inference.plan_report import RELEVANCE_STEP

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def plan(scene, actor=None, **body):
    return (actor or scene.cast.buyer).api.post("/v1/plan", scene.body(**body), format="json")


def test_a_plan_says_who_would_vote_who_not_and_the_most_it_can_cost(scene):
    before = scene.money_left()
    reply = plan(scene, abc={"ignore": ["whale-book"], "gamma": {"python-guide": 0.5}})
    assert reply.status_code == 200, reply.content
    found = reply.json()
    (seat,) = found["sources"]
    assert (seat["source"], seat["gamma"], seat["limited_by"]) == ("python-guide", 0.5, "user")
    assert (seat["cap_nats"], seat["cap_limited_by"]) == (24.0, "query_cap")
    assert seat["most_micro_usd"] == 24 * 20
    assert found["quote"]["total_micro_usd"] == 480 + 24
    assert {one["rule"] for one in found["excluded"]} == {"ignore", "relevance"}
    assert scene.money_left() == before
    assert not Hold.objects.exists()


def test_the_answer_costs_at_most_what_its_plan_said(scene):
    quote = plan(scene).json()["quote"]["total_micro_usd"]
    assert scene.ask().json()["abc"]["charge_micro_usd"] <= quote


def test_relevance_is_rounded_so_that_plans_cannot_map_an_index(scene):
    (seat,) = plan(scene).json()["sources"]
    steps = seat["relevance"] / RELEVANCE_STEP
    assert steps == pytest.approx(round(steps))


def test_a_plan_of_a_completion_takes_its_body(scene):
    body = {"model": "tiny", "prompt": "A closure in Python keeps"}
    reply = scene.cast.buyer.api.post("/v1/plan", body, format="json")
    assert [one["source"] for one in reply.json()["sources"]] == ["python-guide"]


def test_refusals_are_problems_here_and_not_openai_errors(scene):
    reply = plan(scene, abc={"only": ["nobody"]})
    assert (reply.status_code, reply["Content-Type"]) == (404, "application/problem+json")
    assert reply.json()["code"] == "not_found"


def test_plans_are_few_a_minute(scene, settings):
    cache.clear()
    settings.PLANS_PER_MINUTE = 2
    statuses = [plan(scene).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    cache.clear()


def test_models_are_listed_in_openais_form(scene):
    api = scene.cast.buyer.api
    assert [one["id"] for one in api.get("/v1/models").json()["data"]] == ["tiny"]
    assert api.get("/v1/models/tiny").json()["object"] == "model"
    assert api.get("/v1/models/other").json()["error"]["code"] == "model_not_found"
