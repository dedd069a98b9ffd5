"""A key that is limited to sources and purposes, through a real answer."""

import pytest

from tests.inference.test_bad_input import error_of

pytestmark = pytest.mark.django_db


def ask(client, scene, **abc):
    return client.post("/v1/chat/completions", scene.body(abc=abc), format="json")


def voters(reply):
    return {one["source"] for one in reply.json()["abc"]["sources"]}


@pytest.fixture
def of_opera(scene):
    """A key for one source, which knows little of the question, and for research."""
    return scene.cast.buyer.key_for(
        "answers", source_slugs=["opera-guide"], purposes=["research"], default_purpose="research"
    )


def test_an_answer_rests_on_the_keys_sources_only(scene, of_opera):
    assert "python-guide" in voters(scene.ask(abc={"purpose": "research"}))
    reply = ask(of_opera, scene)
    assert reply.status_code == 200, reply.content
    assert voters(reply) <= {"opera-guide"}
    wide = scene.cast.buyer.key_for("answers", source_slugs=["python-guide"], default_purpose="research")
    assert voters(ask(wide, scene)) == {"python-guide"}


@pytest.mark.parametrize(
    "wish", [{"only": ["python-guide"]}, {"require": ["python-guide"]}, {"gamma": {"python-guide": 0.5}}]
)
def test_a_source_that_the_key_is_not_for_is_refused_by_name(scene, of_opera, wish):
    error = error_of(ask(of_opera, scene, **wish), 403)
    assert (error["code"], error["source"]) == ("source_not_allowed", "python-guide")


def test_leaving_out_a_source_that_the_key_is_not_for_is_no_harm(scene, of_opera):
    assert ask(of_opera, scene, ignore=["python-guide"]).status_code == 200


def test_a_purpose_that_the_key_may_not_have_is_refused_and_one_below_an_allowed_one_is_not(scene, of_opera):
    error = error_of(ask(of_opera, scene, purpose="advertising"), 403)
    assert (error["code"], error["purpose"]) == ("purpose_not_allowed", "advertising")
    assert ask(of_opera, scene, purpose="academic-research").status_code == 200


def test_a_plan_keeps_to_the_key_too(scene):
    client = scene.cast.buyer.key_for("plan", source_slugs=["opera-guide"], default_purpose="research")
    plan = client.post("/v1/plan", scene.body(), format="json").json()
    assert {one["source"] for one in plan["sources"]} <= {"opera-guide"}
    assert client.post("/v1/chat/completions", scene.body(), format="json").status_code == 403
