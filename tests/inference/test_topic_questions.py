"""A question beside a topic clause in the simulator: judged by the engine, or said to come later."""

import pytest

from inference import asking_topics
from inference.models import Answer
from marketplace.models import RequestCount
from tests.builders import policy
from tests.inference.scene import ABOUT

pytestmark = pytest.mark.django_db

ADDRESS = "/v1/sources/python-guide/policy/simulate"
ABOUT_PYTHON = {"within": {"examples": [ABOUT["python-guide"]], "distance": 0.3}}


def simulate(scene, question, topics=ABOUT_PYTHON):
    body = {"policy": policy(topics=topics), "consumer": "buyer", "purpose": "research", "question": question}
    reply = scene.cast.owner.api.post(ADDRESS, body, format="json").json()
    return reply, next(step for step in reply["steps"] if step["kind"] == "topic")


def test_a_question_within_the_region_is_taken(scene):
    reply, step = simulate(scene, ABOUT["python-guide"])
    assert (reply["outcome"], step["outcome"]) == ("allow", "allow")
    assert step["values"]["within"] == {"distance": 0.0, "most": 0.3}


def test_a_question_outside_is_refused_with_its_distance(scene):
    reply, step = simulate(scene, ABOUT["opera-guide"])
    assert (reply["outcome"], reply["decided_by"]["rule"]) == ("deny", "topic")
    assert step["values"]["within"]["distance"] > 0.3


def test_without_a_question_the_clause_is_judged_later(scene):
    reply, step = simulate(scene, "")
    assert (reply["outcome"], step["outcome"]) == ("later", "later")


def test_without_an_engine_the_clause_is_judged_later_and_says_why(scene, settings, monkeypatch):
    settings.WORK_RUNNERS = {"immediate": "tests.runners.note"}
    monkeypatch.setattr(asking_topics, "PATIENCE_SECONDS", 0.0)
    reply, step = simulate(scene, ABOUT["python-guide"])
    assert (reply["outcome"], step["outcome"]) == ("later", "later")
    assert step["reason"].startswith("No engine answered in time")


def test_trying_a_question_costs_nothing_and_keeps_no_question(scene):
    before = scene.money_left()
    simulate(scene, ABOUT["python-guide"])
    assert scene.money_left() == before
    assert not RequestCount.objects.exists()
    assert bytes(Answer.objects.get(kind="topic").sealed_request) == b""
