"""One request, several choices: each charged with a receipt of its own, all of them held or none."""

import pytest
from django.db import IntegrityError, transaction

from accounting.models import Hold, Receipt
from inference import holding, lifecycle
from inference.models import Answer
from tests.inference.test_private_answers import PER_TOKEN, PRIVACY
from tests.inference.test_streams import frames

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def texts(reply):
    assert reply.status_code == 200, reply.content
    return [choice["message"]["content"] for choice in reply.json()["choices"]]


def test_each_choice_has_its_own_account_and_the_reply_sums_them(scene):
    before = scene.money_left()
    reply = scene.ask(n=3).json()
    assert [choice["index"] for choice in reply["choices"]] == [0, 1, 2]
    accounts = [choice["abc"] for choice in reply["choices"]]
    assert reply["abc"]["receipt_ids"] == [account["receipt_id"] for account in accounts]
    assert len(set(reply["abc"]["receipt_ids"])) == 3
    receipts = [scene.receipt(receipt_id) for receipt_id in reply["abc"]["receipt_ids"]]
    assert [receipt.total_micro_usd for receipt in receipts] == [one["charge_micro_usd"] for one in accounts]
    assert all(receipt.total_micro_usd > 0 for receipt in receipts)
    assert reply["abc"]["charge_micro_usd"] == sum(one["charge_micro_usd"] for one in accounts)
    assert reply["abc"]["fee_micro_usd"] == sum(one["fee_micro_usd"] for one in accounts)
    assert before - scene.money_left() == reply["abc"]["charge_micro_usd"]
    (source,) = reply["abc"]["sources"]
    assert source["charge_micro_usd"] == sum(one["sources"][0]["charge_micro_usd"] for one in accounts)
    assert reply["usage"]["completion_tokens"] == 18
    assert reply["usage"]["prompt_tokens"] == scene.ask().json()["usage"]["prompt_tokens"]


def test_seeds_count_up_so_that_every_choice_can_be_had_again_alone(scene):
    assert texts(scene.ask(n=3, seed=5)) == [texts(scene.ask(seed=5 + index))[0] for index in range(3)]


def test_every_receipt_of_the_choices_is_replayed(scene):
    for receipt_id in scene.ask(n=2).json()["abc"]["receipt_ids"]:
        found = scene.cast.buyer.api.post(f"/v1/receipts/{receipt_id}/verify").json()
        assert found["replayed"], found


def test_a_stream_interleaves_choices_by_index_and_ends_with_the_sums(scene):
    whole = scene.ask(n=2, logprobs=True).json()
    chunks = frames(scene.ask(n=2, logprobs=True, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == whole["usage"]
    spoken = [chunk["choices"][0] for chunk in chunks[:-1]]
    for choice in whole["choices"]:
        own = [one for one in spoken if one["index"] == choice["index"]]
        assert own[0]["delta"] == {"role": "assistant", "content": ""}
        assert "".join(one["delta"].get("content", "") for one in own) == choice["message"]["content"]
        told = [entry for one in own if one["logprobs"] for entry in one["logprobs"]["content"]]
        assert told == choice["logprobs"]["content"]
        (last,) = [one for one in own if one["finish_reason"]]
        assert last["abc"]["sources"] == choice["abc"]["sources"]
    with_text = [one["index"] for one in spoken if one["delta"].get("content")]
    assert with_text != sorted(with_text), "one choice was told after the other"
    votes = [one["abc"] for one in chunks[:-1] if one.get("abc", {}).get("event") == "abc.votes"]
    assert [one["index"] for one in votes] == [0, 1]
    sums = chunks[-2]["abc"]
    assert sums["charge_micro_usd"] == whole["abc"]["charge_micro_usd"]
    assert len(sums["receipt_ids"]) == 2


def test_money_that_refuses_the_last_choice_refuses_all_before_any_token(scene):
    one = scene.cast.buyer.api.post("/v1/plan", scene.body(), format="json").json()["quote"][
        "total_micro_usd"
    ]
    capped = scene.cast.buyer.key_for("answers", default_purpose="research", spend_cap_micro_usd=2 * one + 1)
    before = scene.money_left()
    reply = capped.post("/v1/chat/completions", scene.body(n=3), format="json")
    assert reply.status_code == 402, reply.content
    assert reply.json()["error"]["code"] == "spend_cap_reached"
    assert scene.money_left() == before
    assert [hold.state for hold in Hold.objects.all()] == ["voided", "voided"]
    assert not Receipt.objects.exists()
    assert {answer.state for answer in Answer.objects.exclude(kind="plan")} == {"failed"}
    assert capped.post("/v1/chat/completions", scene.body(n=2), format="json").status_code == 200


def test_a_plan_says_what_the_choices_can_cost_together(scene):
    plan = scene.cast.buyer.api.post("/v1/plan", scene.body(n=3), format="json").json()
    assert plan["choices"] == {"n": 3, "total_micro_usd": 3 * plan["quote"]["total_micro_usd"]}
    assert scene.ask(n=3).json()["abc"]["charge_micro_usd"] <= plan["choices"]["total_micro_usd"]


def test_the_price_limit_is_for_the_whole_request(scene):
    reply = scene.ask(n=3, abc={"max_price_micro_usd": 100}).json()
    assert 0 < reply["abc"]["charge_micro_usd"] <= 100


def test_the_same_key_gives_all_choices_again_and_charges_none_twice(scene):
    api, key = scene.cast.buyer.api, {"Idempotency-Key": "k1"}

    def post(**changes):
        return api.post("/v1/chat/completions", scene.body(n=2, **changes), format="json", headers=key).json()

    first = post()
    left = scene.money_left()
    assert post() == first
    scene.bench.channel._streams.clear()
    assert post() == first
    assert scene.money_left() == left
    assert Receipt.objects.count() == 2
    assert post(seed=8)["error"]["code"] == "idempotency_key_reused"


def test_a_choice_that_fails_is_named_and_the_others_are_given(scene, monkeypatch):
    from inference.net.generation import Generation

    ordinary, seen = Generation._take, []

    def failing(self, index, logits):
        if self not in seen:
            seen.append(self)
        if seen.index(self) == 1 and index == 2:
            raise FloatingPointError("NaN")
        return ordinary(self, index, logits)

    monkeypatch.setattr(Generation, "_take", failing)
    reply = scene.ask(n=3).json()
    assert [choice["index"] for choice in reply["choices"]] == [0, 2]
    (failed,) = reply["abc"]["failed"]
    assert (failed["index"], failed["code"]) == (1, "engine_failed")
    assert [answer.state for answer in Answer.objects.filter(choice__isnull=False).order_by("choice")] == [
        "done", "failed", "done",
    ]  # fmt: skip
    seen.clear()
    told = [chunk["abc"] for chunk in frames(scene.ask(n=3, stream=True)) if "abc" in chunk]
    assert {"event": "abc.failed", **failed} in told


def test_where_all_choices_fail_the_request_does(scene, monkeypatch):
    from inference.net.generation import Generation

    def failing(self, index, logits):
        raise FloatingPointError("NaN")

    before = scene.money_left()
    monkeypatch.setattr(Generation, "_take", failing)
    reply = scene.ask(n=2)
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "engine_failed")
    assert scene.money_left() == before
    assert {answer.state for answer in Answer.objects.all()} == {"failed"}


def test_a_failure_at_settling_one_choice_ends_its_hold_and_the_others_go_on(scene, monkeypatch):
    ordinary = lifecycle.finish

    def failing(answer, **named):
        if answer.choice == 0:
            raise RuntimeError("the database is away")
        return ordinary(answer, **named)

    monkeypatch.setattr(lifecycle, "finish", failing)
    reply = scene.ask(n=2).json()
    assert [choice["index"] for choice in reply["choices"]] == [1]
    assert reply["abc"]["failed"][0]["index"] == 0
    assert not Hold.objects.filter(state="open").exists()


def test_what_fails_before_the_first_token_gives_every_choice_back(scene, monkeypatch):
    ordinary, calls = holding.hold, []

    def failing(**named):
        calls.append(named["answer"])
        if len(calls) == 3:
            raise MemoryError("no room")
        return ordinary(**named)

    before = scene.money_left()
    monkeypatch.setattr("inference.query.hold", failing)
    assert scene.ask(n=3).json()["error"]["code"] == "engine_failed"
    assert [hold.state for hold in Hold.objects.all()] == ["voided", "voided"]
    assert scene.money_left() == before


def test_private_choices_are_charged_each(scene):
    scene.offer("whale-book", scene.cast.second_owner, as_slug="clinic", regime="privacy", privacy=PRIVACY)
    wish = {"mode": "private", "only": ["clinic"]}
    reply = scene.ask(about="whale-book", n=2, seed=None, max_tokens=8, abc=wish).json()
    for choice in reply["choices"]:
        (voter,) = choice["abc"]["sources"]
        assert voter["charge_nats"] == pytest.approx(8 * PER_TOKEN / 1e9)
        assert voter["relevance"] is None


def test_several_prompts_are_several_choices_prompt_by_prompt(scene):
    def complete(**changes):
        body = {"model": "tiny", "max_tokens": 4, "seed": 3, **changes}
        return scene.cast.buyer.api.post("/v1/completions", body, format="json").json()

    prompts = ["A closure in Python keeps", "The soprano sings an aria"]
    both = complete(prompt=prompts, n=2)
    assert [choice["index"] for choice in both["choices"]] == [0, 1, 2, 3]
    voters = [choice["abc"]["sources"][0]["source"] for choice in both["choices"]]
    assert voters == ["python-guide", "python-guide", "opera-guide", "opera-guide"]
    alone = [complete(prompt=prompt, seed=3 + 2 * place) for place, prompt in enumerate(prompts)]
    assert both["choices"][2]["text"] == alone[1]["choices"][0]["text"]
    assert both["usage"]["prompt_tokens"] == sum(one["usage"]["prompt_tokens"] for one in alone)
    refusal = scene.cast.buyer.api.post("/v1/plan", {"model": "tiny", "prompt": prompts}, format="json")
    assert (refusal.status_code, refusal.json()["param"]) == (422, "prompt")


def test_the_database_keeps_choices_apart(scene):
    scene.ask(n=2)
    first, second = Answer.objects.filter(choice__isnull=False).order_by("choice")
    with pytest.raises(IntegrityError), transaction.atomic():
        Answer.objects.filter(pk=second.pk).update(choice=first.choice)
    with pytest.raises(IntegrityError), transaction.atomic():
        Answer.objects.filter(pk=second.pk).update(choice=None)
