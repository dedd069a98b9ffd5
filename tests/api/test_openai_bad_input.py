"""Bad input at OpenAI's endpoints, line by line: the exact status, code and field, and nothing is begun."""

import json

import pytest

from inference.models import Answer

pytestmark = [pytest.mark.books, pytest.mark.django_db]
CHAT, TEXT = "/v1/chat/completions", "/v1/completions"
USER = {"role": "user", "content": "Hello?"}


def chat(**changes):
    return json.dumps({"model": "tiny", "messages": [USER], **changes}).encode()


def text(**changes):
    return json.dumps({"model": "tiny", "prompt": "Hello", **changes}).encode()


def said(content):
    return chat(messages=[{"role": "user", "content": content}])


BAD = [
    # the body itself
    (CHAT, b"", 422, "invalid", "model"),
    (CHAT, b"{", 400, "bad_json", None),
    (CHAT, b"\xff\xfe\x00", 400, "bad_json", None),
    (CHAT, b'{"model": "\xc3\x28"}', 400, "bad_json", None),
    (CHAT, b"[" * 100_000, 400, "bad_json", None),
    (CHAT, b"null", 422, "invalid", None),
    (CHAT, b"[]", 422, "invalid", None),
    (CHAT, b'"hi"', 422, "invalid", None),
    # words
    (CHAT, said("\ud800"), 422, "invalid", "messages[0].content"),
    (CHAT, said(""), 422, "invalid", "messages"),
    (CHAT, said("\u2003\n"), 422, "invalid", "messages"),
    (CHAT, said("\U0001f40b" * 200_001), 422, "context_length_exceeded", "messages"),
    (CHAT, said({"text": "hi"}), 422, "invalid", "messages[0].content"),
    (CHAT, said([{"type": "image_url", "image_url": {"url": "x"}}]), 422, "invalid", "messages[0].content"),
    (CHAT, chat(messages={}), 422, "invalid", "messages"),
    (CHAT, chat(messages=[USER] * 513), 422, "context_length_exceeded", "messages"),
    (CHAT, chat(messages=[{"role": "tool", "content": "x"}]), 422, "invalid", "messages[0].role"),
    (TEXT, text(prompt="\udfff"), 422, "invalid", "prompt"),
    (TEXT, text(prompt=[1, 2, 3]), 422, "invalid", "prompt"),
    (TEXT, text(prompt=[["a"]]), 422, "invalid", "prompt"),
    (TEXT, text(prompt=["a"] * 9), 422, "invalid", "prompt"),
    (TEXT, text(prompt=None), 422, "invalid", "prompt"),
    (TEXT, text(prompt="x" * 200_001), 422, "context_length_exceeded", "prompt"),
    # names
    (CHAT, chat(model="gpt-9"), 404, "model_not_found", "model"),
    (CHAT, chat(model="\u202etiny"), 404, "model_not_found", "model"),
    (CHAT, chat(model=""), 422, "invalid", "model"),
    (CHAT, chat(modle="tiny"), 422, "invalid", "modle"),
    (CHAT, chat(**{"\ud83d": 1}), 422, "invalid", "?"),
    (CHAT, chat(prompt="hi"), 422, "invalid", "prompt"),
    (TEXT, text(messages=[USER]), 422, "invalid", "messages"),
    # numbers
    (CHAT, chat(max_tokens="5"), 422, "invalid", "max_tokens"),
    (CHAT, chat(max_tokens=2049), 422, "invalid", "max_tokens"),
    (CHAT, chat(max_tokens=True), 422, "invalid", "max_tokens"),
    (CHAT, chat(temperature=10**400), 422, "invalid", "temperature"),
    (CHAT, chat(temperature=[1]), 422, "invalid", "temperature"),
    (CHAT, chat(seed=1.5), 422, "invalid", "abc.seed"),
    (CHAT, chat(seed=2**70), 422, "invalid", "abc.seed"),
    (CHAT, chat(n=0), 422, "invalid", "n"),
    (CHAT, chat(n=9), 422, "invalid", "n"),
    (CHAT, chat(n="2"), 422, "invalid", "n"),
    (CHAT, chat(top_logprobs=21, logprobs=True), 422, "invalid", "top_logprobs"),
    (TEXT, text(logprobs=6), 422, "invalid", "logprobs"),
    (TEXT, text(logprobs=True), 422, "invalid", "logprobs"),
    # options that contradict each other
    (CHAT, chat(max_tokens=5, max_completion_tokens=6), 422, "invalid", "max_tokens"),
    (CHAT, chat(top_logprobs=1), 422, "invalid", "top_logprobs"),
    (CHAT, chat(stream_options={"include_usage": True}), 422, "invalid", "stream_options"),
    (CHAT, chat(stream=True, stream_options=[]), 422, "invalid", "stream_options"),
    (CHAT, chat(stream=True, stream_options={"include_usage": 1}), 422, "invalid",
     "stream_options.include_usage"),
    (CHAT, chat(seed=1, abc={"seed": 2}), 422, "invalid", "seed"),
    (CHAT, chat(abc={"require": ["a"], "ignore": ["a"]}), 422, "invalid", "abc.require"),
    (CHAT, chat(abc={"mode": "private"}), 422, "invalid", "abc.only"),
    (CHAT, chat(abc={"mode": "private", "only": ["a"]}, logprobs=True), 422, "invalid", "logprobs"),
    (CHAT, chat(abc={"mode": "private", "only": ["a"]}, presence_penalty=1), 422, "invalid",
     "frequency_penalty"),
    # what is refused by name
    (CHAT, chat(tools=[{"type": "function"}]), 422, "invalid", "tools"),
    (CHAT, chat(response_format={"type": "json_object"}), 422, "invalid", "response_format"),
    (CHAT, chat(logit_bias={"the": 1}), 422, "invalid", "logit_bias"),
    (TEXT, text(echo=True), 422, "invalid", "echo"),
    (TEXT, text(suffix="x"), 422, "invalid", "suffix"),
    (TEXT, text(best_of=2), 422, "invalid", "best_of"),
    (CHAT, chat(abc={"purpose": "world-peace"}), 422, "unknown_purpose", "abc.purpose"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "param"),
    BAD,
    ids=[f"{place}-{row[3]}-{row[4]}" for place, row in enumerate(BAD)],
)
def test_a_bad_request_is_told_what_is_wrong_and_begins_nothing(cast, path, body, status, code, param):
    reply = cast.buyer.api.post(path, body, content_type="application/json")
    assert reply.status_code == status, reply.content
    error = reply.json()["error"]
    assert (error["code"], error["param"] or None) == (code, param)
    assert error["message"].endswith(".")
    assert error["type"] in {"invalid_request_error", "not_found_error"}
    assert reply["X-Should-Retry"] == "false"
    assert not Answer.objects.exists()


def test_a_body_above_the_most_that_is_read_is_a_413(cast, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    reply = cast.buyer.api.post(CHAT, said("x" * 2000), content_type="application/json")
    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "too_large")


def test_another_content_type_is_a_415_in_the_same_form(cast):
    reply = cast.buyer.api.post(CHAT, b"model=tiny", content_type="application/x-www-form-urlencoded")
    assert reply.status_code == 415
    assert reply.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("key", ["", "x" * 256, "line\u2028"])
def test_an_idempotency_key_that_cannot_be_kept_is_refused(cast, key):
    reply = cast.buyer.api.post(
        CHAT, chat(), content_type="application/json", headers={"Idempotency-Key": key}
    )
    assert (reply.status_code, reply.json()["error"]["param"]) == (422, "Idempotency-Key")
