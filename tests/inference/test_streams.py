"""Streams in OpenAI's shape, and what a repeated request gets."""

import json

import pytest

from inference.models import Answer

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def frames(reply):
    """The JSON of every data frame, and whether [DONE] came last."""
    lines = b"".join(reply.streaming_content).decode().split("\n\n")
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    assert data[-1] == "[DONE]"
    return [json.loads(one) for one in data[:-1]]


def test_a_stream_says_the_same_as_the_whole_reply(scene):
    whole = scene.ask(seed=3).json()
    reply = scene.ask(seed=3, stream=True)
    assert reply["Content-Type"].startswith("text/event-stream")
    chunks = frames(reply)
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert text == whole["choices"][0]["message"]["content"]
    assert chunks[-1]["choices"][0]["finish_reason"] == "length"
    assert chunks[-1]["abc"]["sources"] == whole["abc"]["sources"]
    assert {chunk["system_fingerprint"] for chunk in chunks} == {whole["system_fingerprint"]}


def test_usage_comes_last_when_it_is_asked_for(scene):
    chunks = frames(scene.ask(stream=True, stream_options={"include_usage": True}))
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == 6
    assert all(chunk["usage"] is None for chunk in chunks[:-1])
    assert all("usage" not in chunk for chunk in frames(scene.ask(stream=True)))


def test_an_error_before_the_first_token_is_a_real_status_even_in_a_stream(scene):
    reply = scene.ask(stream=True, abc={"only": ["nobody"]})
    assert reply.status_code == 404
    assert reply.json()["error"]["code"] == "not_found"


def test_a_failure_after_the_first_token_is_an_error_event_and_what_was_delivered_is_paid(scene, monkeypatch):
    from inference.net.generation import Generation

    ordinary = Generation._take

    def failing(self, index, logits):
        if index == 3:
            raise FloatingPointError("the core's own ballot holds a NaN")
        return ordinary(self, index, logits)

    before = scene.money_left()
    monkeypatch.setattr(Generation, "_take", failing)
    chunks = frames(scene.ask(stream=True))
    assert chunks[-1]["error"]["code"] == "engine_failed"
    answer = Answer.objects.get()
    assert answer.state == "failed"
    receipt = scene.receipt(answer.receipt_id)
    assert receipt.body["tokens"] == {"drawn": 3, "delivered": 3}
    assert before - scene.money_left() == receipt.total_micro_usd > 0


def test_a_failure_at_the_first_token_is_a_status_and_costs_nothing(scene, monkeypatch):
    from inference.net.generation import Generation

    def failing(self, index, logits):
        raise FloatingPointError("NaN")

    before = scene.money_left()
    monkeypatch.setattr(Generation, "_take", failing)
    reply = scene.ask()
    assert reply.status_code == 503
    assert reply.json()["error"]["code"] == "engine_failed"
    assert scene.money_left() == before


def test_the_same_key_and_body_give_the_first_outcome_again(scene):
    api = scene.cast.buyer.api
    body = scene.body(seed=None)
    first, again = (
        api.post("/v1/chat/completions", body, format="json", headers={"Idempotency-Key": "k1"})
        for _ in range(2)
    )
    assert first.json() == again.json()
    assert first["X-Request-Id"] == again["X-Request-Id"] == str(Answer.objects.get().pk)


def test_the_first_outcome_is_given_even_after_the_channel_has_forgotten_it(scene):
    api, body = scene.cast.buyer.api, scene.body()
    key = {"Idempotency-Key": "k1"}
    first = api.post("/v1/chat/completions", body, format="json", headers=key).json()
    scene.bench.channel._streams.clear()
    again = api.post("/v1/chat/completions", body, format="json", headers=key).json()
    assert again == first


def test_a_refusal_is_an_outcome_too(scene):
    api, body = scene.cast.buyer.api, scene.body(abc={"require": ["python-guide"], "purpose": "advertising"})
    key = {"Idempotency-Key": "k1"}
    first = api.post("/v1/chat/completions", body, format="json", headers=key)
    scene.bench.channel._streams.clear()
    again = api.post("/v1/chat/completions", body, format="json", headers=key)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.status_code == 403


def test_the_same_key_with_another_body_is_a_conflict(scene):
    api, key = scene.cast.buyer.api, {"Idempotency-Key": "k1"}
    api.post("/v1/chat/completions", scene.body(), format="json", headers=key)
    reply = api.post("/v1/chat/completions", scene.body(max_tokens=7), format="json", headers=key)
    assert reply.status_code == 409
    assert reply.json()["error"]["code"] == "idempotency_key_reused"
    assert reply["X-Should-Retry"] == "false"


def test_another_organisation_may_use_the_same_key(scene):
    scene.fill_wallet(scene.cast.outsider)
    key = {"Idempotency-Key": "k1"}
    abc = {"purpose": "academic-research"}
    for actor in (scene.cast.buyer, scene.cast.outsider):
        reply = actor.api.post("/v1/chat/completions", scene.body(abc=abc), format="json", headers=key)
        assert reply.status_code == 200, reply.content
    assert Answer.objects.count() == 2


def test_an_engine_that_cannot_load_its_models_says_so_at_once(scene, settings, tmp_path):
    from inference import engine

    engine.use(None)
    settings.CORE_DIRECTORY = tmp_path / "nothing"
    reply = scene.ask()
    assert reply.status_code == 503
    assert reply.json()["error"]["code"] == "engine_failed"
    assert Answer.objects.get().state == "failed"
