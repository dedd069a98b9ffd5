"""What a stream says beside its text: who votes, how it stands, and the account at the end."""

import pytest

from tests.inference.test_private_answers import PRIVACY
from tests.inference.test_streams import frames

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def every_two_tokens(settings):
    settings.INFLUENCE_EVENT_TOKENS = 2


def events(chunks, kind):
    return [chunk["abc"] for chunk in chunks if chunk.get("abc", {}).get("event") == kind]


def test_the_first_chunk_says_who_votes_and_what_it_costs_at_most(scene):
    chunks = frames(scene.ask(stream=True, abc={"gamma": {"python-guide": 0.5}, "max_influence_nats": 3}))
    (votes,) = events(chunks, "abc.votes")
    assert votes is not None
    assert chunks[0]["abc"] == votes
    (seat,) = votes["sources"]
    assert (seat["source"], seat["owner"]) == ("python-guide", "owner")
    assert (seat["gamma"], seat["limited_by"], seat["cap_nats"], seat["cap_limited_by"]) == (
        0.5, "user", 3.0, "user",
    )  # fmt: skip
    assert 0 < seat["relevance"] <= 1
    last = chunks[-1]["abc"]
    assert votes["quote"]["total_micro_usd"] >= last["charge_micro_usd"] > 0
    assert votes["composition_hash"] == last["composition_hash"]


def test_influence_and_charge_run_up_to_the_account_at_the_end(scene):
    chunks = frames(scene.ask(stream=True))
    running = events(chunks, "abc.influence")
    assert [one["tokens"] for one in running] == [2, 4, 6]
    nats = [one["sources"][0]["attribution_nats"] for one in running]
    charges = [one["charge_micro_usd"] for one in running]
    assert nats == sorted(nats)
    assert charges == sorted(charges)
    last = chunks[-1]["abc"]
    assert (
        running[-1]["sources"][0]["attribution_nats"] == last["sources"][0]["attribution_nats"]["symmetric"]
    )
    assert running[-1]["charge_micro_usd"] == last["charge_micro_usd"]
    assert running[-1]["fee_micro_usd"] == last["fee_micro_usd"]


def test_every_chunk_can_be_read_by_a_program_that_knows_none_of_it(scene):
    chunks = frames(scene.ask(stream=True))
    assert len(events(chunks, "abc.influence")) == 3
    for chunk in chunks:
        (choice,) = chunk["choices"]
        assert isinstance(choice["delta"].get("content", ""), str)


def test_the_running_account_can_be_switched_off(scene, settings):
    settings.INFLUENCE_EVENT_TOKENS = 0
    assert events(frames(scene.ask(stream=True)), "abc.influence") == []


def test_the_core_alone_has_no_influence_to_tell_of(scene):
    chunks = frames(scene.ask(stream=True, abc={"only": []}))
    assert events(chunks, "abc.votes")[0]["sources"] == []
    assert events(chunks, "abc.influence") == []


def test_a_source_whose_budget_refuses_more_in_mid_answer_is_told_of_at_that_token(
    scene, settings, monkeypatch
):
    settings.HOLD_BLOCK_TOKENS, settings.DEFAULT_NATS_PER_TOKEN = 1, 2
    granted = iter([True])
    monkeypatch.setattr("inference.holding.holds.top_up", lambda **_named: next(granted, False))
    chunks = frames(scene.ask(stream=True, max_tokens=12))
    (told,) = events(chunks, "abc.budget")
    assert told["source"] == "python-guide"
    place = next(index for index, chunk in enumerate(chunks) if chunk.get("abc") == told)
    assert any(chunk["choices"][0]["delta"].get("content") for chunk in chunks[place:])
    assert chunks[-1]["choices"][0]["finish_reason"] == "length"
    assert chunks[-1]["abc"]["sources"][0]["limited_by"] == "budget"


def test_a_private_stream_tells_public_values_only(scene):
    scene.offer("whale-book", scene.cast.second_owner, as_slug="clinic", regime="privacy", privacy=PRIVACY)

    def told(about):
        wish = {"mode": "private", "only": ["clinic"]}
        chunks = frames(scene.ask(about=about, seed=None, stream=True, abc=wish))
        return events(chunks, "abc.votes"), events(chunks, "abc.influence")

    votes, running = told("whale-book")
    assert (votes[0]["sources"][0]["relevance"], len(running)) == (None, 3)
    assert running[-1]["sources"][0]["attribution_nats"] is None
    assert running[-1]["sources"][0]["gamma_effective"] is None
    assert running[-1]["sources"][0]["charge_nats"] > 0
    assert told("python-guide") == (votes, running), "a source that knows nothing is told of alike"


def test_a_repeat_is_told_who_voted_even_after_the_channel_has_forgotten_it(scene):
    api, key = scene.cast.buyer.api, {"Idempotency-Key": "k1"}

    def stream():
        body = scene.body(stream=True, logprobs=True)
        return frames(api.post("/v1/chat/completions", body, format="json", headers=key))

    first = stream()
    scene.bench.channel._streams.clear()
    again = stream()
    assert again[0] == first[0]
    assert again[-1] == first[-1]

    def entries(chunks):
        return [one for chunk in chunks for one in (chunk["choices"][0]["logprobs"] or {}).get("content", [])]

    assert entries(again) == entries(first) != []
