"""One answer, the whole way: who voted, what each moved, what each was paid, and that the books agree."""

import json
from fractions import Fraction

import pytest

from accounting.maths.units import nano_nats_up
from accounting.models import Receipt
from inference.models import Answer
from tests.inference.scene import text_of

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def test_an_answer_names_its_voters_their_influence_and_their_pay(scene):
    reply = scene.ask()
    assert reply.status_code == 200, reply.content
    body, abc = reply.json(), reply.json()["abc"]
    assert (body["object"], body["model"], body["choices"][0]["finish_reason"]) == (
        "chat.completion",
        "tiny",
        "length",
    )
    assert body["usage"]["completion_tokens"] == 6
    (voter,) = abc["sources"]
    nats = voter["attribution_nats"]
    assert voter["source"] == "python-guide"
    assert 0.05 <= voter["relevance"] <= 1
    assert max(nats["forward"], nats["reverse"]) <= nats["symmetric"] + 1e-9
    assert nats["symmetric"] > 0
    assert voter["charge_micro_usd"] == int(nats["symmetric"] * 20)
    assert abc["charge_micro_usd"] == voter["charge_micro_usd"] + abc["fee_micro_usd"]
    assert abc["excluded_counts"] == {"relevance": 2}


def test_the_names_that_clients_rely_on_are_all_there(scene):
    abc = scene.ask(abc={"ignore": ["whale-book"]}).json()["abc"]
    assert {
        "receipt_id", "mode", "composition_hash", "core", "alpha", "lambda_active", "lambda_total", "sources",
        "excluded", "fee_micro_usd", "charge_micro_usd", "shared_nats",
    } <= set(abc)  # fmt: skip
    (voter,) = abc["sources"]
    assert {
        "source", "relevance", "gamma_requested", "gamma_effective", "limited_by", "attribution_nats",
        "help_nats", "charge_micro_usd", "floor", "passages",
    } <= set(voter)  # fmt: skip
    assert set(voter["attribution_nats"]) == {"forward", "reverse", "symmetric"}
    assert {tuple(one) for one in abc["excluded"]} == {("source", "rule", "reason")}


def test_what_was_charged_left_the_wallet_and_is_on_a_receipt(scene):
    before = scene.money_left()
    abc = scene.ask().json()["abc"]
    assert before - scene.money_left() == abc["charge_micro_usd"]
    receipt = Receipt.objects.get(pk=abc["receipt_id"])
    assert receipt.total_micro_usd == abc["charge_micro_usd"]
    assert receipt.body["sources"][0]["attribution_nats"] == abc["sources"][0]["attribution_nats"]
    assert receipt.body["composition_hash"] == abc["composition_hash"]


def test_a_receipt_names_digests_and_neither_the_consumer_nor_the_question(scene):
    abc = scene.ask().json()["abc"]
    body = Receipt.objects.get(pk=abc["receipt_id"]).body
    text = json.dumps(body)
    assert scene.partition("python-guide").digest in text
    assert scene.sources["python-guide"].policy.digest in text
    assert scene.cast.buyer.organisation.slug not in text
    assert "closure" not in text
    assert any("pretraining" in note for note in body["notes"])


def test_the_question_lies_nowhere_in_plain_text_and_is_gone_from_the_queue_afterwards(scene):
    scene.ask()
    answer = Answer.objects.get()
    assert bytes(answer.sealed_request) == b""
    assert answer.sealed_response is None
    assert b"closure" not in bytes(answer.transcript.ciphertext)


def test_a_completion_continues_a_text(scene):
    reply = scene.cast.buyer.api.post(
        "/v1/completions",
        {"model": "tiny", "prompt": "A closure in Python keeps", "max_tokens": 4},
        format="json",
    )
    assert reply.status_code == 200, reply.content
    assert reply.json()["object"] == "text_completion"
    assert reply.json()["abc"]["sources"][0]["source"] == "python-guide"


def test_only_the_core_answers_when_no_source_is_wanted(scene):
    abc = scene.ask(abc={"only": []}).json()["abc"]
    assert (abc["sources"], abc["charge_micro_usd"], abc["lambda_active"]) == ([], 0, 1.0)
    assert abc["excluded_counts"] == {"only": 3}


def test_the_same_seed_gives_the_same_answer_and_the_same_influence(scene):
    first, second = (scene.ask(seed=11).json() for _ in range(2))
    assert first["choices"] == second["choices"]
    assert first["abc"]["sources"] == second["abc"]["sources"]
    assert first["abc"]["composition_hash"] == second["abc"]["composition_hash"]


def test_passages_are_shown_only_where_the_policy_allows_quoting(scene):
    scene.offer("whale-book", scene.cast.second_owner, as_slug="open-whale", quote=True)
    abc = scene.ask(about="whale-book", abc={"ignore": ["whale-book"]}).json()["abc"]
    (voter,) = abc["sources"]
    assert voter["source"] == "open-whale"
    assert voter["passages"]
    for passage in voter["passages"]:
        assert passage["text"] in text_of("whale-book")
        assert passage["document"] == "open-whale.txt"
    assert scene.ask().json()["abc"]["sources"][0]["passages"] == []


def test_copies_of_one_text_share_a_seat_and_their_owner_is_measured_as_one(scene):
    alone = scene.ask(seed=5).json()["abc"]["sources"][0]["attribution_nats"]["symmetric"]
    scene.offer("python-guide", as_slug="python-copy")
    abc = scene.ask(seed=5).json()["abc"]
    voters = {one["source"]: one["attribution_nats"]["symmetric"] for one in abc["sources"]}
    assert set(voters) == {"python-guide", "python-copy"}
    assert sum(voters.values()) == pytest.approx(alone, rel=0.05)
    (owner,) = abc["owners"]
    assert owner["sources"] == ["python-copy", "python-guide"]
    assert owner["attribution_nats"] == pytest.approx(sum(voters.values()), rel=1e-3)
    assert abc["shared_nats"] == pytest.approx(0, abs=1e-2)
    lines = {line.label: line.nano_nats for line in Receipt.objects.get(pk=abc["receipt_id"]).lines.all()}
    assert sum(lines.values()) == nano_nats_up(sum(map(Fraction, voters.values()))), "rounded up as one"


def test_shared_influence_is_a_line_of_its_own_on_the_answer_and_the_receipt(scene):
    abc = scene.ask().json()["abc"]
    body = Receipt.objects.get(pk=abc["receipt_id"]).body
    assert (body["shared_nats"], body["shared_meaning"]) == (abc["shared_nats"], abc["shared_meaning"])
    assert "-0.0" not in str(abc["shared_nats"]) or abc["shared_nats"] < 0
    assert abc["shared_meaning"].startswith("Together the sources moved")


def test_temperature_zero_and_top_p_say_on_the_receipt_what_was_measured(scene):
    abc = scene.ask(temperature=0, seed=None).json()["abc"]
    notes = Receipt.objects.get(pk=abc["receipt_id"]).body["notes"]
    assert any("temperature 0" in note for note in notes)
    abc = scene.ask(top_p=0.5).json()["abc"]
    notes = Receipt.objects.get(pk=abc["receipt_id"]).body["notes"]
    assert any("top_p" in note for note in notes)
