"""POST /v1/classify: labels of the request, votes of the sources, the same bill as an answer."""

import pytest

from accounting.models import Hold, Receipt
from inference.models import Answer
from tests.inference.scene import ABOUT

pytestmark = [pytest.mark.books, pytest.mark.django_db]
LABELS = ["python", "opera", "opera house", "whale"]
PRIVACY = {"budget_nats": 1.5, "eta": 0.2, "delta": 1e-6}


def classify(scene, actor=None, **changes):
    body = {"model": "tiny", "input": ABOUT["python-guide"], "labels": LABELS, **changes}
    return (actor or scene.cast.buyer).api.post("/v1/classify", body, format="json")


def done(reply):
    assert reply.status_code == 200, reply.content
    return reply.json()


def refused(reply, param):
    assert reply.status_code == 422, reply.content
    assert reply.json()["param"] == param
    return reply.json()


def test_a_label_is_chosen_by_a_law_over_the_labels_and_everybody_sees_whose_votes_made_it(scene):
    found = done(classify(scene))
    law = found["probabilities"]
    assert (found["object"], list(law)) == ("classification", LABELS)
    assert sum(law.values()) == pytest.approx(1, abs=1e-5)
    assert found["label"] == max(law, key=lambda label: law[label])
    (vote,) = found["votes"]["sources"]
    assert vote["source"] == "python-guide"
    for one in (vote["probabilities"], found["votes"]["core"]):
        assert sum(one.values()) == pytest.approx(1, abs=1e-5)
    assert vote["probabilities"] != found["votes"]["core"]


def test_it_is_measured_paid_and_receipted_like_an_answer(scene):
    before = scene.money_left()
    abc = done(classify(scene))["abc"]
    (voter,) = abc["sources"]
    nats = voter["attribution_nats"]
    assert nats["symmetric"] == max(nats["forward"], nats["reverse"]) > 0
    assert voter["charge_micro_usd"] == int(nats["symmetric"] * 20)
    assert before - scene.money_left() == abc["charge_micro_usd"]
    body = Receipt.objects.get(pk=abc["receipt_id"]).body
    assert (body["output"], body["tokens"]) == ("classification", {"drawn": 1, "delivered": 1})
    assert any("law over the labels" in note for note in body["notes"])


def test_the_receipt_is_replayed_and_agrees(scene):
    receipt_id = done(classify(scene))["abc"]["receipt_id"]
    found = scene.cast.buyer.api.post(f"/v1/receipts/{receipt_id}/verify").json()
    assert (found["signature"], found["sums"], found["replayed"], found["reason"]) == (True, True, True, None)
    explained = scene.cast.buyer.api.get(f"/v1/receipts/{receipt_id}/tokens")
    assert (explained.status_code, explained.json()["code"]) == (409, "one_decision")


def test_the_core_alone_classifies_when_no_source_is_wanted(scene):
    found = done(classify(scene, abc={"only": []}))
    assert found["probabilities"] == pytest.approx(found["votes"]["core"], abs=2e-6)
    assert (found["votes"]["sources"], found["abc"]["charge_micro_usd"]) == ([], 0)


def test_caps_and_voting_rights_of_both_sides_hold(scene):
    free = done(classify(scene))["abc"]["sources"][0]["attribution_nats"]["symmetric"]
    cap = free / 3
    (voter,) = done(classify(scene, abc={"max_influence_nats": cap}))["abc"]["sources"]
    assert 0 < voter["attribution_nats"]["symmetric"] <= cap
    assert voter["limited_by"] == "user"
    scene.offer("python-guide", as_slug="shy", max_gamma=0.25)
    (voter,) = done(classify(scene, abc={"only": ["shy"]}))["abc"]["sources"]
    assert (voter["gamma_effective"], voter["limited_by"]) == (pytest.approx(0.25), "policy")


def test_labels_are_one_decision_with_the_cap_of_one_token(scene):
    reply = scene.cast.buyer.api.post(
        "/v1/plan", {"model": "tiny", "input": ABOUT["python-guide"], "labels": LABELS}, format="json"
    )
    assert reply.status_code == 200, reply.content
    (seat,) = reply.json()["sources"]
    assert (seat["cap_nats"], reply.json()["output"]) == (4.0, "classification")
    abc = done(classify(scene))["abc"]
    assert abc["sources"][0]["cap_nats"] == 4.0
    assert Hold.objects.get().held_micro_usd == reply.json()["quote"]["total_micro_usd"]


def test_a_policy_that_allows_answers_only_keeps_its_source_out(scene):
    scene.offer("python-guide", as_slug="answers-only", outputs={"allow": ["answer"]})
    abc = done(classify(scene, abc={"only": ["answers-only"]}))["abc"]
    assert [(one["source"], one["rule"]) for one in abc["excluded"]] == [("answers-only", "output")]


def test_a_private_classification_draws_a_label_and_tells_nothing_else(scene):
    scene.offer("python-guide", as_slug="secret", regime="privacy", privacy=PRIVACY)
    found = done(classify(scene, abc={"mode": "private", "only": ["secret"]}))
    assert found["label"] in LABELS
    assert (found["probabilities"], found["votes"]) == (None, None)
    (voter,) = found["abc"]["sources"]
    assert (voter["attribution_nats"], voter["relevance"], voter["gamma_effective"]) == (None, None, None)
    planned = {"mode": "private", "only": ["secret"]}
    body = {"model": "tiny", "input": "x y z", "labels": LABELS, "abc": planned}
    (seat,) = scene.cast.buyer.api.post("/v1/plan", body, format="json").json()["sources"]
    assert voter["charge_nats"] == seat["privacy"]["token_charge_nano_nats"] / 1e9, "one draw"


def test_the_same_key_and_body_is_decided_once(scene):
    client = scene.cast.buyer.api
    body = {"model": "tiny", "input": ABOUT["python-guide"], "labels": LABELS}
    first, again = (
        client.post("/v1/classify", body, format="json", HTTP_IDEMPOTENCY_KEY="once") for _ in range(2)
    )
    assert done(first) == done(again)
    assert Answer.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"labels": ["one"]}, "labels"),
        ({"labels": "one"}, "labels"),
        ({"labels": [str(number) for number in range(65)]}, "labels"),
        ({"labels": ["a", "a"]}, "labels[1]"),
        ({"labels": ["a", " "]}, "labels[1]"),
        ({"labels": ["a", 7]}, "labels[1]"),
        ({"labels": ["a", "a label that has far too many tokens"]}, "labels[1]"),
        ({"input": ""}, "input"),
        ({"input": None}, "input"),
        ({"length": "short"}, "length"),
        ({"stream": True}, "stream"),
        ({"abc": {"output": "answer"}}, "abc.output"),
        ({"abc": {"explain": "tokens"}}, "abc.explain"),
        ({"abc": {"mode": "private"}}, "abc.only"),
    ],
)
def test_what_cannot_be_classified_is_refused_by_name_and_costs_nothing(scene, wrong, param):
    before = scene.money_left()
    refused(classify(scene, **wrong), param)
    assert scene.money_left() == before


def test_an_input_that_is_too_long_is_refused(scene):
    assert refused(classify(scene, input="why " * 5000), "input")["code"] == "context_length_exceeded"


def test_labels_are_an_unknown_field_of_a_conversation(scene):
    assert scene.ask(labels=LABELS).status_code == 422
