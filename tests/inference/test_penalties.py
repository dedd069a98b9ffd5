"""Penalties and logit_bias bend what is drawn in open answers; what is measured is the whole vote."""

import pytest

from inference.models import Answer
from inference.net.spelling import bytes_of

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def told(reply):
    assert reply.status_code == 200, reply.content
    return reply.json()["choices"][0]["logprobs"]["content"]


def test_a_biased_token_is_drawn_and_its_number_is_that_of_the_vote(scene):
    plain = told(scene.ask(logprobs=True, top_logprobs=20, temperature=0, max_tokens=1))[0]
    likeliest, other = plain["top_logprobs"][:2]
    core, spelled = scene.bench.core, bytes(likeliest["bytes"])
    token = next(one for one in range(core.vocabulary) if bytes_of(core, one) == spelled)
    reply = scene.ask(
        logprobs=True, top_logprobs=20, temperature=0, max_tokens=1, logit_bias={str(token): -100}
    )
    (bent,) = told(reply)
    assert bent["bytes"] == other["bytes"]
    assert bent["logprob"] == other["logprob"]
    assert bent["top_logprobs"] == plain["top_logprobs"]


def test_influence_is_measured_without_them_and_the_receipt_says_so(scene):
    plain = scene.ask(max_tokens=1, temperature=0).json()["abc"]
    bent = scene.ask(max_tokens=1, temperature=0, logit_bias={"65": 100}).json()["abc"]
    assert bent["sources"][0]["attribution_nats"] == plain["sources"][0]["attribution_nats"]
    notes = [" ".join(scene.receipt(abc["receipt_id"]).body["notes"]) for abc in (plain, bent)]
    assert "logit_bias" not in notes[0]
    assert "logit_bias" in notes[1]
    verified = scene.cast.buyer.api.post(f"/v1/receipts/{bent['receipt_id']}/verify").json()
    assert verified["replayed"], verified


def test_a_strong_penalty_leaves_no_token_said_twice(scene):
    penalised = told(
        scene.ask(logprobs=True, temperature=0, max_tokens=40, presence_penalty=2, frequency_penalty=2)
    )
    plain = told(scene.ask(logprobs=True, temperature=0, max_tokens=40))

    def different(entries):
        return len({tuple(entry["bytes"]) for entry in entries})

    assert different(penalised) > different(plain)


def test_a_token_that_the_core_does_not_have_is_refused_before_anything_is_held(scene):
    reply = scene.ask(logit_bias={"99999999": 1})
    assert reply.status_code == 422
    assert reply.json()["error"]["param"] == "logit_bias"
    assert Answer.objects.get().receipt_id is None
