"""`explain: tokens`: the heat map of an answer, live and from the transcript, for its buyer alone."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from accounting.models import Receipt
from inference import engine
from inference.models import SealedTranscript
from inference.replaying import open_transcript

pytestmark = [pytest.mark.books, pytest.mark.django_db]
PRIVACY = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}
NATS = ("forward", "reverse", "symmetric")


def explained(scene, **body):
    reply = scene.ask(abc={"explain": "tokens", **body.pop("abc", {})}, **body)
    assert reply.status_code == 200, reply.content
    return reply.json()


def page(scene, receipt_id, query="", actor=None):
    return (actor or scene.cast.buyer).api.get(f"/v1/receipts/{receipt_id}/tokens{query}")


def test_rows_join_to_the_answer_and_sum_to_what_each_source_moved(scene):
    scene.offer("python-guide", scene.cast.second_owner, as_slug="other-guide")
    told = explained(scene, max_tokens=16)
    tokens, sources = told["abc"]["tokens"], told["abc"]["sources"]
    assert "".join(row["text"] for row in tokens["rows"]) == told["choices"][0]["message"]["content"]
    assert tokens["of"] == tokens["count"] == told["usage"]["completion_tokens"] == 16
    assert len(sources) == 2
    for source in sources:
        own = [row["sources"][source["source"]] for row in tokens["rows"]]
        for name in NATS:
            assert sum(one[name] for one in own) == pytest.approx(source["attribution_nats"][name])
        assert sum(one["help_nats"] for one in own) / 16 == pytest.approx(source["help_nats"])
        assert sum(one["gamma_effective"] for one in own) / 16 == pytest.approx(source["gamma_effective"])


def test_the_transcript_gives_the_same_rows_later_and_in_pages(scene):
    told = explained(scene, max_tokens=12)["abc"]
    live, receipt_id = told["tokens"], told["receipt_id"]
    assert live["more"] == f"/v1/receipts/{receipt_id}/tokens"
    whole = page(scene, receipt_id).json()
    assert whole["rows"] == live["rows"]
    assert whole["spans"] == live["spans"]
    first, second = (page(scene, receipt_id, f"?first={at}&count=7").json() for at in (0, 7))
    assert (first["next"], second["next"]) == (7, None)
    assert first["rows"] + second["rows"] == whole["rows"]


def test_the_same_log_probabilities_as_openai_s_field_tells(scene):
    told = explained(scene, logprobs=True)
    assert [row["log_probability"] for row in told["abc"]["tokens"]["rows"]] == pytest.approx(
        [one["logprob"] for one in told["choices"][0]["logprobs"]["content"]]
    )


def test_a_page_is_a_csv_file_too_in_which_no_text_is_a_formula(scene):
    receipt_id = explained(scene)["abc"]["receipt_id"]
    reply = page(scene, receipt_id, "?form=csv")
    assert reply["Content-Type"].startswith("text/csv")
    text = b"".join(reply.streaming_content).decode()
    lines = list(csv.DictReader(io.StringIO(text)))
    rows = page(scene, receipt_id).json()["rows"]
    assert [float(line["symmetric"]) for line in lines] == [
        row["sources"]["python-guide"]["symmetric"] for row in rows
    ]
    assert {line["source"] for line in lines} == {"python-guide"}
    assert not any(line["text"].startswith(("=", "+", "@")) for line in lines)


def test_a_stream_carries_the_rows_in_its_last_chunk(scene):
    reply = scene.ask(stream=True, abc={"explain": "tokens"})
    frames = b"".join(reply.streaming_content).decode().split("\n\n")
    chunks = [json.loads(frame[6:]) for frame in frames if frame.startswith("data: {")]
    assert [bool((chunk.get("abc") or {}).get("tokens")) for chunk in chunks] == [False] * (
        len(chunks) - 1
    ) + [True]
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert "".join(row["text"] for row in chunks[-1]["abc"]["tokens"]["rows"]) == text


def test_without_the_wish_no_token_is_told(scene):
    assert scene.ask().json()["abc"]["tokens"] is None


def test_neither_rows_nor_text_stand_in_the_receipt(scene):
    told = explained(scene)
    body = Receipt.objects.get(pk=told["abc"]["receipt_id"]).body
    assert "tokens" in body
    assert set(body["tokens"]) == {"drawn", "delivered"}


def test_a_token_that_was_drawn_but_never_delivered_stays_untold(scene, monkeypatch):
    receipt = Receipt.objects.get(pk=explained(scene)["abc"]["receipt_id"])
    receipt.body["tokens"]["delivered"] = 4
    opened = replace(open_transcript(receipt, scene.bench), receipt=receipt)
    monkeypatch.setattr("inference.measuring.open_transcript", lambda *_: opened)
    found = page(scene, receipt.pk).json()
    assert (found["of"], found["count"], found["next"]) == (4, 4, None)


@pytest.mark.parametrize(
    "query", ["?first=-1", "?first=x", "?count=0", "?form=xml", "?first=99999999", "?first=٣"]
)
def test_a_page_that_makes_no_sense_is_refused(scene, query):
    reply = page(scene, explained(scene)["abc"]["receipt_id"], query)
    assert reply.status_code == 422, reply.content
    assert reply.json()["param"] in query


def test_only_the_buyer_reads_them(scene):
    receipt_id = explained(scene)["abc"]["receipt_id"]
    assert page(scene, receipt_id, actor=scene.cast.owner).status_code == 404
    assert page(scene, receipt_id, actor=scene.cast.outsider).status_code == 404


def test_they_are_gone_with_the_transcript_and_refused_without_one(scene):
    kept = explained(scene)["abc"]["receipt_id"]
    unkept = explained(scene, abc={"store": False})["abc"]["receipt_id"]
    assert page(scene, unkept).json()["code"] == "no_transcript"
    SealedTranscript.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    reply = page(scene, kept)
    assert (reply.status_code, reply.json()["code"]) == (409, "transcript_expired")


def test_what_only_the_engine_notices_is_refused_too(scene):
    receipt_id = explained(scene)["abc"]["receipt_id"]
    engine.use(replace(scene.bench, core=replace(scene.bench.core, digest="0" * 64)))
    assert page(scene, receipt_id).json()["code"] == "core_changed"


def test_a_private_answer_refuses_them_with_a_reason(scene):
    scene.offer("whale-book", scene.cast.second_owner, as_slug="clinic", regime="privacy", privacy=PRIVACY)
    private = {"mode": "private", "only": ["clinic"]}
    reply = scene.ask(about="whale-book", seed=None, abc={**private, "explain": "tokens"})
    assert reply.status_code == 422
    assert reply.json()["error"]["param"] == "abc.explain"
    abc = scene.ask(about="whale-book", seed=None, abc=private).json()["abc"]
    assert abc["tokens"] is None
    reply = page(scene, abc["receipt_id"])
    assert (reply.status_code, reply.json()["code"]) == (409, "private_answer")


def test_each_of_several_choices_explains_its_own_tokens(scene):
    told = explained(scene, n=2)
    for choice in told["choices"]:
        rows = choice["abc"]["tokens"]["rows"]
        assert "".join(row["text"] for row in rows) == choice["message"]["content"]
