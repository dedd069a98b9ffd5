"""What a request may and may not say: one line per refusal, each with its field."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting.errors import Invalid
from inference.request import DEFAULT_MAX_TOKENS, understand

CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "What is a closure?"}]}


def chat(**changes):
    return understand({**CHAT, **changes}, kind="chat", default_purpose="research", seats=4)


def refused(**changes):
    with pytest.raises(Invalid) as refusal:
        chat(**changes)
    assert refusal.value.detail
    return refusal.value.extra["param"]


def private(**changes):
    return {"abc": {"mode": "private", "only": ["a"], **changes.pop("abc", {})}, **changes}


def test_the_smallest_request_gets_the_defaults():
    question = chat()
    assert question.max_tokens == DEFAULT_MAX_TOKENS["chat"]
    assert (question.temperature, question.top_p, question.stream) == (1.0, 1.0, False)
    assert (question.wishes.mode, question.wishes.purpose, question.wishes.only) == ("open", "research", None)
    assert question.wishes.store
    assert question.text == "What is a closure?"


def test_harmless_fields_of_openai_clients_are_accepted():
    chat(
        user="u", metadata={"a": "b"}, n=1, logprobs=False, frequency_penalty=0, presence_penalty=0.0,
        logit_bias={}, tools=[], tool_choice="none", response_format={"type": "text"}, service_tier="auto",
        store=None, parallel_tool_calls=True, seed=None, stop=None, modalities=["text"], top_logprobs=None,
        reasoning_effort="low",
    )  # fmt: skip


def test_text_parts_are_joined_and_the_last_user_message_is_the_question():
    parts = [{"type": "text", "text": "What is "}, {"type": "text", "text": "yield?"}]
    question = chat(
        messages=[
            {"role": "developer", "content": "Be short."},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi"},
            {"role": "user", "content": parts},
        ]
    )
    assert question.text == "What is yield?"
    assert question.messages[0].role == "system"


def test_both_names_of_the_token_limit_and_of_the_seed_mean_the_same():
    assert chat(max_tokens=7).max_tokens == chat(max_completion_tokens=7).max_tokens == 7
    assert chat(seed=3).wishes.seed == chat(abc={"seed": 3}).wishes.seed == 3


def test_choices_share_the_price_limit_and_count_the_seed_up():
    choices = chat(n=3, seed=4, abc={"max_price_micro_usd": 100, "max_influence_nats": 2}).choices()
    assert [one.wishes.seed for one in choices] == [4, 5, 6]
    assert {(one.n, one.wishes.max_price_micro_usd, one.wishes.max_influence_nats) for one in choices} == {
        (1, 33, 2.0)
    }
    assert [one.wishes.seed for one in chat(n=2).choices()] == [None, None]


def test_log_probabilities_are_asked_for_with_or_without_the_likeliest():
    assert chat().logprobs is chat(logprobs=False).logprobs is None
    assert chat(logprobs=True).logprobs == 0
    assert chat(logprobs=True, top_logprobs=4).logprobs == 4


def test_not_storing_can_be_said_in_either_place():
    assert not chat(store=False).wishes.store
    assert not chat(abc={"store": False}).wishes.store


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"model": None}, "model"),
        ({"model": 3}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "user", "content": "  \n"}]}, "messages"),
        ({"messages": [{"role": "user", "content": "x" * 200_001}]}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"temperature": 0.04}, "temperature"),
        ({"temperature": 1e-9}, "temperature"),
        ({"temperature": -1}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": 10**400}, "temperature"),
        ({"temperature": "1"}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": float("nan")}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 10**9}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_tokens"),
        ({"n": 9}, "n"),
        ({"n": 0}, "n"),
        ({"logprobs": 1}, "logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"frequency_penalty": 2.1}, "frequency_penalty"),
        ({"presence_penalty": "much"}, "presence_penalty"),
        ({"logit_bias": {"50256": -101}}, "logit_bias.50256"),
        ({"logit_bias": {"the": 1}}, "logit_bias"),
        ({"logit_bias": {"-1": 1}}, "logit_bias"),
        ({"logit_bias": {"²": 1}}, "logit_bias"),
        ({"logit_bias": {str(token): 1 for token in range(301)}}, "logit_bias"),
        ({"logit_bias": [1]}, "logit_bias"),
        (private(frequency_penalty=0.5), "frequency_penalty"),
        (private(logit_bias={"5": 1}), "frequency_penalty"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"tool_choice": {"type": "function"}}, "tool_choice"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"stop": [""]}, "stop"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": 3}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"prompt": "x"}, "prompt"),
        ({"temprature": 1}, "temprature"),
        ({"seed": 2**64}, "abc.seed"),
        ({"seed": 1, "abc": {"seed": 2}}, "seed"),
        ({"abc": []}, "abc"),
        ({"abc": {"gama": {}}}, "abc.gama"),
        ({"abc": {"mode": "secret"}}, "abc.mode"),
        ({"abc": {"explain": "everything"}}, "abc.explain"),
        ({"abc": {"gamma": {"a": 1.01}}}, "abc.gamma.a"),
        ({"abc": {"gamma": {"a": -0.01}}}, "abc.gamma.a"),
        ({"abc": {"gamma": {"a": None}}}, "abc.gamma.a"),
        ({"abc": {"gamma": 0.5}}, "abc.gamma"),
        ({"abc": {"only": "a"}}, "abc.only"),
        ({"abc": {"only": [1]}}, "abc.only"),
        ({"abc": {"only": ["a"], "require": ["b"]}}, "abc.require"),
        ({"abc": {"require": ["a"], "ignore": ["a"]}}, "abc.require"),
        ({"abc": {"require": ["a"], "gamma": {"a": 0}}}, "abc.gamma"),
        ({"abc": {"max_price_micro_usd": -1}}, "abc.max_price_micro_usd"),
        ({"abc": {"max_influence_nats": -0.5}}, "abc.max_influence_nats"),
        ({"abc": {"max_influence_nats": float("inf")}}, "abc.max_influence_nats"),
        (private(temperature=0), "temperature"),
        (private(top_p=0.9), "top_p"),
        (private(logprobs=True), "logprobs"),
        (private(seed=1), "seed"),
        (private(abc={"only": None}), "abc.only"),
        (private(abc={"only": list("abcde")}), "abc.only"),
    ],
    ids=lambda value: None if isinstance(value, str) else json.dumps(value)[:60],
)
def test_a_bad_request_is_refused_naming_its_field(changes, param):
    assert refused(**changes) == param


def test_a_request_without_any_purpose_is_refused():
    with pytest.raises(Invalid) as refusal:
        understand(CHAT, kind="chat", default_purpose="", seats=4)
    assert refusal.value.extra["param"] == "abc.purpose"


@pytest.mark.parametrize("body", [None, [], "x", 3])
def test_a_body_that_is_no_object_is_refused(body):
    with pytest.raises(Invalid):
        understand(body, kind="chat", default_purpose="research", seats=4)


def test_a_completion_takes_one_prompt_or_several():
    def completion(**changes):
        body = {"model": "tiny", "prompt": "Once", **changes}
        return understand(body, kind="completion", default_purpose="research", seats=4)

    assert completion().prompt == completion(prompt=["Once"]).prompt == "Once"
    assert completion().max_tokens == 16
    assert completion(logprobs=0).logprobs == 0
    wrong: list[dict[str, Any]] = [
        {"logprobs": 6},
        {"logprobs": True},
        {"logprobs": 1, "top_logprobs": 1},
        {"prompt": ""},
        {"prompt": ["a", ""]},
        {"prompt": ["a"] * 9},
        {"prompt": ["a"] * 3, "n": 3},
        {"prompt": [[1]]},
        {"prompt": []},
        {"prompt": [1, 2]},
        {"echo": True},
        {"best_of": 2},
    ]
    for bad in wrong:
        with pytest.raises(Invalid):
            completion(**bad)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


ANY_FIELD = [
    "messages", "abc", "stop", "temperature", "max_tokens", "n", "tools", "tool_choice", "response_format",
    "modalities", "stream_options", "store", "logprobs", "seed", "top_p", "logit_bias",
]  # fmt: skip
ANY_WISH = [
    "only", "ignore", "require", "gamma", "mode", "purpose", "max_influence_nats", "max_price_micro_usd",
    "store", "explain", "seed",
]  # fmt: skip


def understood_or_refused(**changes):
    try:
        chat(**changes)
    except Invalid as refusal:
        return bool(refusal.detail)
    return True


@given(field=st.sampled_from(ANY_FIELD), value=json_values)
def test_any_json_is_understood_or_refused_never_an_error_of_ours(field, value):
    assert understood_or_refused(**{field: value})


@given(field=st.sampled_from(ANY_WISH), value=json_values)
def test_any_wish_is_understood_or_refused_never_an_error_of_ours(field, value):
    assert understood_or_refused(abc={field: value})
