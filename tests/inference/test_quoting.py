"""A source that may not be quoted: its passages are in its own row only, and it never says twelve words."""

import pytest

from inference.models import SealedTranscript
from inference.net.transcript import Transcript
from inference.sealing import unseal
from tests.inference.scene import text_of

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def transcript_of(reply) -> Transcript:
    sealed = SealedTranscript.objects.select_related("answer").latest("pk")
    assert reply.status_code == 200, reply.content
    value = unseal(
        sealed.ciphertext, organisation_id=sealed.answer.organisation_id, answer_id=sealed.answer_id
    )
    return Transcript.from_json(value)


def read_by(scene, ids) -> str:
    return str(scene.bench.core.decode(ids))


def test_passages_stand_in_their_own_sources_row_only(scene):
    scene.offer("python-guide", scene.cast.second_owner, as_slug="other-guide")
    made = transcript_of(scene.ask(about="python-guide", abc={"gamma": {"opera-guide": 1}}))
    assert len(made.seats) == 2
    question = read_by(scene, made.core_prompt_ids)
    assert "generator yields values one after another" not in question
    for seat in made.seats:
        row = read_by(scene, seat.prompt_ids)
        assert "generator yields values one after another" in row
        assert "soprano" not in row
        assert row.endswith(question[-60:])


def test_a_source_that_forbids_quoting_is_silent_before_its_twelfth_word_and_the_receipt_replays(scene):
    order = text_of("python-guide").split()
    question = " ".join(order[1:12]) + " "
    reply = scene.cast.buyer.api.post(
        "/v1/completions",
        {"model": "tiny", "prompt": question, "max_tokens": 4, "seed": 3},
        format="json",
    )
    made = transcript_of(reply)
    assert made.seats
    assert made.tokens[0].silences
    assert made.tokens[0].silences[0]
    receipt_id = reply.json()["abc"]["receipt_id"]
    found = scene.cast.buyer.api.post(f"/v1/receipts/{receipt_id}/verify").json()
    assert found["replayed"], found
    assert scene.receipt(receipt_id).body["composition"]["seats"][0]["quote"] is False


def test_a_source_that_allows_quoting_may_go_on_in_its_own_words(scene):
    scene.offer("python-guide", as_slug="open-guide", quote=True)
    order = text_of("python-guide").split()
    reply = scene.cast.buyer.api.post(
        "/v1/completions",
        {
            "model": "tiny",
            "prompt": " ".join(order[1:12]) + " ",
            "max_tokens": 4,
            "abc": {"only": ["open-guide"]},
        },
        format="json",
    )
    made = transcript_of(reply)
    assert [seat.label for seat in made.seats] == ["open-guide"]
    assert not any(token.silences for token in made.tokens)
