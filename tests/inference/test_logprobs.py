"""Log probabilities of the tokens of open answers: the whole vote's, in OpenAI's shapes."""

import math

import pytest

from inference.models import Answer
from tests.inference.test_streams import frames

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def content(reply):
    assert reply.status_code == 200, reply.content
    return reply.json()["choices"][0]["logprobs"]["content"]


def test_every_token_has_its_probability_its_bytes_and_the_likeliest_beside_it(scene):
    reply = scene.ask(logprobs=True, top_logprobs=3)
    told = content(reply)
    assert len(told) == 6
    for token in told:
        assert token["logprob"] <= 0
        tops = [top["logprob"] for top in token["top_logprobs"]]
        assert len(tops) == 3
        assert tops == sorted(tops, reverse=True)
        assert tops[0] >= token["logprob"]
    spelled = bytes(byte for token in told for byte in token["bytes"])
    assert spelled.decode(errors="replace") == reply.json()["choices"][0]["message"]["content"]


def test_the_likeliest_of_the_whole_vocabulary_sum_to_one_over_many_answers(scene):
    """At temperature 0 the drawn token is the likeliest; its number is that of the vote at temperature 1."""
    told = content(scene.ask(logprobs=True, top_logprobs=20, temperature=0))
    for token in told:
        assert token["top_logprobs"][0]["bytes"] == token["bytes"]
        assert token["top_logprobs"][0]["logprob"] == token["logprob"]
        assert sum(math.exp(top["logprob"]) for top in token["top_logprobs"]) <= 1 + 1e-6


def test_top_p_changes_the_drawing_and_not_the_numbers(scene):
    narrow = content(scene.ask(logprobs=True, top_logprobs=5, top_p=0.0001))
    greedy = content(scene.ask(logprobs=True, top_logprobs=5, temperature=0))
    assert [token["bytes"] for token in narrow] == [token["bytes"] for token in greedy]
    assert [token["top_logprobs"] for token in narrow] == [token["top_logprobs"] for token in greedy]


def test_a_stream_tells_the_same_tokens_as_the_whole_reply(scene):
    whole = content(scene.ask(logprobs=True, top_logprobs=2, max_tokens=30))
    chunks = frames(scene.ask(logprobs=True, top_logprobs=2, max_tokens=30, stream=True))
    choices = [chunk["choices"][0] for chunk in chunks]
    assert [one for choice in choices if choice["logprobs"] for one in choice["logprobs"]["content"]] == whole


def test_nothing_is_told_that_was_not_asked_for(scene):
    assert scene.ask().json()["choices"][0]["logprobs"] is None
    assert all(token["top_logprobs"] == [] for token in content(scene.ask(logprobs=True)))


def test_what_a_stop_string_cut_off_is_not_told(scene):
    text = scene.ask(max_tokens=40).json()["choices"][0]["message"]["content"]
    stop = text[8:11]
    reply = scene.ask(max_tokens=40, logprobs=True, stop=[stop])
    choice = reply.json()["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["content"] == text[: text.index(stop)]
    spelled = bytes(byte for token in content(reply) for byte in token["bytes"])
    assert spelled.decode(errors="replace").startswith(choice["message"]["content"])
    whole = scene.ask(max_tokens=40, logprobs=True).json()["choices"][0]["logprobs"]["content"]
    assert len(content(reply)) < len(whole)


def test_completions_tell_four_lists_with_offsets_into_the_text(scene):
    body = {
        "model": "tiny",
        "prompt": "A closure in Python keeps",
        "max_tokens": 12,
        "seed": 5,
        "logprobs": 2,
    }
    choice = scene.cast.buyer.api.post("/v1/completions", body, format="json").json()["choices"][0]
    told = choice["logprobs"]
    assert len(told["tokens"]) == len(told["token_logprobs"]) == len(told["text_offset"]) == 12
    assert all(1 <= len(tops) <= 2 for tops in told["top_logprobs"])
    assert told["text_offset"][0] == 0
    assert told["text_offset"] == sorted(told["text_offset"])
    assert told["text_offset"][-1] <= len(choice["text"])


@pytest.mark.parametrize("path", ["chat/completions", "completions"])
def test_private_answers_refuse_them_with_the_reason(scene, path):
    words = {"messages": [{"role": "user", "content": "Hm?"}], "logprobs": True}
    if path == "completions":
        words = {"prompt": "Hm", "logprobs": 0}
    body = {"model": "tiny", "abc": {"mode": "private", "only": ["whale-book"]}, **words}
    reply = scene.cast.buyer.api.post(f"/v1/{path}", body, format="json")
    assert reply.status_code == 422
    error = reply.json()["error"]
    assert error["param"] == "logprobs"
    assert "accounted distribution" in error["message"]
    assert not Answer.objects.exists()


def test_the_same_seed_gives_the_same_answer_with_the_same_fingerprint(scene):
    first, again, other = (scene.ask(seed=seed, max_tokens=12).json() for seed in (5, 5, 6))
    assert first["choices"] == again["choices"]
    assert first["choices"] != other["choices"]
    assert first["system_fingerprint"] == again["system_fingerprint"] == other["system_fingerprint"]
    alone = scene.ask(seed=5, abc={"only": []}).json()
    assert alone["system_fingerprint"] != first["system_fingerprint"]
    assert first["system_fingerprint"].startswith("fp_")
