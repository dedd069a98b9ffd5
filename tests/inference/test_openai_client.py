"""The unmodified `openai` client against a running server: one ASGI process, the engine in a thread of it."""

import threading
from dataclasses import dataclass, field
from typing import Any

import openai
import pytest

from inference.models import Answer
from inference.net.generation import Generation
from tests.inference.here import PATIENCE_SECONDS, wait_until

pytestmark = [pytest.mark.books, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def client(scene, base_url):
    with openai.OpenAI(base_url=base_url, api_key=scene.cast.buyer.key, max_retries=0) as made:
        yield made


@dataclass
class Gate:
    """Where the engine waits, and whether it has come there."""

    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def gate(monkeypatch):
    """The engine stops before its fourth token until the gate is opened."""
    made = Gate()
    ordinary = Generation._take

    def waiting(self, index, logits):
        if index == 3:
            made.reached.set()
            made.opened.wait(timeout=PATIENCE_SECONDS)
        return ordinary(self, index, logits)

    monkeypatch.setattr(Generation, "_take", waiting)
    yield made
    made.opened.set()


def body_of(error: openai.APIError) -> dict[str, Any]:
    assert isinstance(error.body, dict)
    return error.body


def asked(scene, **changes):
    body = scene.body(**changes)
    return {"extra_body": {"abc": body.pop("abc", {})}, **body}


def test_models_are_listed(client):
    assert [model.id for model in client.models.list()] == ["tiny"]
    assert client.models.retrieve("tiny").object == "model"


def test_a_completion_carries_abc_both_ways(scene, client):
    reply = client.chat.completions.create(**asked(scene, abc={"gamma": {"python-guide": 0.5}}))
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage.completion_tokens == 6
    abc = reply.model_extra["abc"]
    assert abc["sources"][0]["gamma_requested"] == 0.5
    assert reply._request_id == str(Answer.objects.get().pk)
    text = client.completions.create(model="tiny", prompt="A closure in Python keeps", max_tokens=3)
    assert text.model_extra["abc"]["sources"][0]["source"] == "python-guide"


def test_a_stream_arrives_token_by_token_and_ends_with_abc(scene, client, gate):
    stream = client.chat.completions.create(
        stream=True, stream_options={"include_usage": True}, **asked(scene, seed=2)
    )
    first = next(chunk for chunk in stream if chunk.choices[0].delta.content)
    assert first.choices[0].delta.content
    assert Answer.objects.get().state == "running"
    gate.opened.set()
    chunks = list(stream)
    assert chunks[-1].usage.completion_tokens == 6
    assert chunks[-2].model_extra["abc"]["sources"][0]["source"] == "python-guide"


def test_refusals_are_the_clients_own_errors(scene, client, base_url):
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(**asked(scene, model="gpt-9"))
    with pytest.raises(openai.UnprocessableEntityError) as refusal:
        client.chat.completions.create(**asked(scene, temperature=0.01))
    assert refusal.value.param == "temperature"
    with pytest.raises(openai.PermissionDeniedError) as denial:
        client.chat.completions.create(stream=True, **asked(scene, abc={"require": ["opera-guide"]}))
    assert body_of(denial.value)["rule"] == "relevance"
    poor = openai.OpenAI(base_url=base_url, api_key=scene.cast.outsider.key, max_retries=0)
    with pytest.raises(openai.APIStatusError) as broke:
        poor.chat.completions.create(**asked(scene, abc={"purpose": "research"}))
    assert (broke.value.status_code, body_of(broke.value)["code"]) == (402, "payment_required")
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=base_url, api_key="dvm_x_y", max_retries=0).models.list()


def test_a_failure_in_mid_stream_is_the_clients_own_error(scene, client, monkeypatch):
    ordinary = Generation._take

    def failing(self, index, logits):
        if index == 3:
            raise FloatingPointError("NaN")
        return ordinary(self, index, logits)

    monkeypatch.setattr(Generation, "_take", failing)
    with pytest.raises(openai.APIError) as failure:
        list(client.chat.completions.create(stream=True, **asked(scene)))
    assert failure.value.code == "engine_failed"


@pytest.mark.parametrize("streaming", [True, False])
def test_a_client_that_leaves_ends_its_answer(scene, client, gate, streaming):
    if streaming:
        stream = client.chat.completions.create(stream=True, **asked(scene, max_tokens=60))
        next(iter(stream))
        assert gate.reached.wait(timeout=PATIENCE_SECONDS)
        stream.close()
    else:
        with pytest.raises(openai.APITimeoutError):
            client.with_options(timeout=1.0).chat.completions.create(**asked(scene, max_tokens=60))
    answer = Answer.objects.get()
    wait_until(lambda: scene.bench.channel.cancelled(answer.pk))
    gate.opened.set()
    wait_until(lambda: Answer.objects.get().state == "cancelled")
    tokens = scene.receipt(Answer.objects.get().receipt_id).body["tokens"]
    assert tokens == {"drawn": 4, "delivered": 3}


def test_a_repeat_under_the_same_key_joins_the_running_stream(scene, client, gate):
    key = {"Idempotency-Key": "once"}
    first = client.chat.completions.create(stream=True, extra_headers=key, **asked(scene, seed=4))
    told = [next(iter(first))]
    second = client.chat.completions.create(stream=True, extra_headers=key, **asked(scene, seed=4))
    gate.opened.set()
    joined = [chunk.model_dump() for chunk in second]
    told += list(first)
    assert [chunk.model_dump() for chunk in told] == joined
    assert Answer.objects.count() == 1


def test_a_caller_under_a_key_may_leave_and_come_back(scene, client, gate):
    key = {"Idempotency-Key": "once"}
    stream = client.chat.completions.create(stream=True, extra_headers=key, **asked(scene, seed=4))
    next(iter(stream))
    stream.close()
    gate.opened.set()
    again = list(client.chat.completions.create(stream=True, extra_headers=key, **asked(scene, seed=4)))
    assert again[-1].choices[0].finish_reason == "length"
    assert Answer.objects.get().state == "done"
