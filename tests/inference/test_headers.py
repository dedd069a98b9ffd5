"""What OpenAI's clients read beside a reply: ids, times, and rate limits that are what is really taken."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache

from inference.models import Answer
from marketplace.api.throttling import PerMinute

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def nobody_has_asked_yet():
    cache.clear()


def left(reply):
    return int(reply["x-ratelimit-remaining-requests"])


def test_every_reply_has_an_id_a_time_and_a_version(scene):
    whole, stream, refusal = scene.ask(), scene.ask(stream=True), scene.ask(model="gpt-9")
    models = scene.cast.buyer.api.get("/v1/models")
    for reply in (whole, stream, refusal, models):
        assert int(reply["openai-processing-ms"]) >= 0
        assert reply["openai-version"]
    ids = [reply["x-request-id"] for reply in (whole, stream, refusal, models)]
    assert len(set(ids)) == 4
    assert {str(answer.pk) for answer in Answer.objects.all()} == set(ids[:2])


def test_the_rate_headers_count_down_to_the_429(scene, settings):
    settings.API_REQUESTS_PER_MINUTE = 3
    replies = [scene.ask(max_tokens=1) for _ in range(3)]
    assert {reply["x-ratelimit-limit-requests"] for reply in replies} == {"3"}
    assert [left(reply) for reply in replies] == [2, 1, 0]
    assert [reply.status_code for reply in replies] == [200, 200, 200]
    refused = scene.ask(max_tokens=1)
    assert refused.status_code == 429
    assert refused.json()["error"]["type"] == "rate_limit_error"
    assert left(refused) == 0
    wait = int(refused["Retry-After"])
    assert 0 < wait <= 60
    assert refused["x-ratelimit-reset-requests"] == f"{wait}s"
    assert "X-Should-Retry" not in refused
    assert Answer.objects.count() == 3


def test_a_new_minute_begins_with_the_first_request_after_the_old_one(scene, settings, monkeypatch):
    settings.API_REQUESTS_PER_MINUTE = 1
    now = [1_000_000.0]
    monkeypatch.setattr(PerMinute, "clock", staticmethod(lambda: now[0]))
    api = scene.cast.buyer.api

    def status():
        return api.get("/v1/models").status_code

    assert [status(), status()] == [200, 429]
    now[0] += 59
    reply = api.get("/v1/models")
    assert (reply.status_code, reply["Retry-After"]) == (429, "1")
    now[0] += 1
    assert [status(), status()] == [200, 429]


def test_callers_at_the_same_moment_are_each_counted(settings):
    class Tight(PerMinute):
        limit = 50

        def who(self, request):
            return "many-at-once"

    nobody: Any = None
    view: Any = None
    with ThreadPoolExecutor(max_workers=8) as pool:
        taken = list(pool.map(lambda _: Tight().allow_request(nobody, view), range(200)))
    assert taken.count(True) == 50


def test_the_nearer_of_two_limits_is_told(scene, settings):
    settings.API_REQUESTS_PER_MINUTE, settings.PLANS_PER_MINUTE = 100, 2
    reply = scene.cast.buyer.api.post("/v1/plan", scene.body(), format="json")
    assert (reply["x-ratelimit-limit-requests"], left(reply)) == ("2", 1)


def test_another_key_has_a_minute_of_its_own(scene, settings):
    settings.API_REQUESTS_PER_MINUTE = 1
    assert scene.cast.buyer.api.get("/v1/models").status_code == 200
    assert scene.cast.owner.api.get("/v1/models").status_code == 200
    assert scene.cast.buyer.api.get("/v1/models").status_code == 429
