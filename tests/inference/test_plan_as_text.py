"""A plan as text: what a person reads, from the same numbers as the JSON."""

import pytest
from rest_framework.test import APIClient

from inference.plan_text import plan_text

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def ask(scene, address="/v1/plan", accept="", **body):
    client: APIClient = scene.cast.buyer.api
    headers = {"HTTP_ACCEPT": accept} if accept else {}
    return client.post(address, scene.body(**body), format="json", **headers)


@pytest.fixture
def wish():
    return {"ignore": ["whale-book"], "gamma": {"python-guide": 0.5}, "max_price_micro_usd": 105}


@pytest.mark.parametrize("way", [{"accept": "text/plain"}, {"address": "/v1/plan?format=text"}])
def test_text_is_had_by_accept_or_by_format_and_says_what_the_json_says(scene, wish, way):
    reply = ask(scene, abc=wish, **way)
    assert reply.status_code == 200
    assert reply["Content-Type"].startswith("text/plain")
    assert reply.content.decode() == plan_text(ask(scene, abc=wish).json())


def test_a_person_reads_both_sides_the_binding_limits_the_excluded_and_the_quote(scene, wish):
    lines = ask(scene, abc=wish, accept="text/plain").content.decode().splitlines()
    assert lines[0] == "PLAN  answer by tiny, open mode, for academic-research, at most 6 tokens"
    assert lines[1] == "      1 source would vote, 2 would not; at most 105 micro-USD (USD 0.000105)"
    text = "\n".join(lines)
    assert "-> python-guide   of owner   relevance " in text
    assert "voting right   0.5 (by you): you ask 0.5, its policy allows 1" in text
    (by_nats, by_money) = [line for line in lines if line.endswith("<- binds")]
    assert "5  your max_price_micro_usd" in by_nats
    assert "100  your max_price_micro_usd" in by_money
    assert "NOT VOTING  ignore 1, relevance 1" in text
    assert "whale-book   ignore" in text
    assert "at most               105  your limit 105" in text


def test_no_line_of_text_is_too_wide_to_read(scene, wish):
    assert max(map(len, ask(scene, abc=wish, accept="text/plain").content.decode().splitlines())) <= 100


def test_the_core_alone_has_a_plan_too(scene):
    text = ask(scene, abc={"only": []}, accept="text/plain").content.decode()
    assert "0 sources would vote, 3 would not; at most 0 micro-USD" in text


def test_a_private_plan_names_no_relevance(scene):
    privacy = {"budget_nats": 1.5, "eta": 0.2, "delta": 1e-6}
    scene.offer("python-guide", as_slug="secret", regime="privacy", privacy=privacy)
    wish = {"mode": "private", "only": ["secret"]}
    text = ask(scene, seed=None, abc=wish, accept="text/plain").content.decode()
    assert "eta 0.2" in text
    assert "relevance 0" not in text


def test_a_refusal_stays_a_problem_whatever_was_accepted(scene):
    reply = ask(scene, abc={"only": ["nobody"]}, accept="text/plain")
    assert (reply.status_code, reply["Content-Type"]) == (404, "application/problem+json")
    assert b'"code": "not_found"' in reply.content
