"""A partition is trained from its own text only, repeatably, and can be followed and stopped."""

import pytest
import torch

from inference.net.adapter_training import bits_per_byte
from inference.net.encoder import load_encoder
from inference.net.files import digest_of_file
from inference.net.partition_files import load_adapter, load_knowledge, load_passages
from inference.net.sampling import choose
from inference.net.training import STAGES, TooLittleText, TrainingStopped, train_partition
from tests.net.texts import PYTHON, ROME


@pytest.fixture(scope="module")
def encoder():
    return load_encoder("hashed-ngrams")


def train(core, encoder, directory, text=ROME, **settings):
    given = {"adapter_tokens": 4_000, "seed": 3, **settings}
    return train_partition(core=core, encoder=encoder, documents=[text], directory=directory, **given)


@pytest.fixture(scope="module")
def trained(tiny_core, encoder, tmp_path_factory):
    heard: list[tuple[str, int, int]] = []
    made = train(
        tiny_core, encoder, tmp_path_factory.mktemp("rome"), report=lambda *event: heard.append(event)
    )
    return made, heard


def test_an_adapter_tells_its_repetitive_held_out_text_better_than_the_core_and_votes(trained):
    metrics = trained[0].metrics
    assert metrics.held_out_bits_adapter < metrics.held_out_bits_core
    assert metrics.votes
    assert 3_000 < metrics.tokens < 6_000


def test_progress_reaches_the_end_of_every_stage_in_order(trained):
    heard = trained[1]
    assert list(dict.fromkeys(stage for stage, _, _ in heard)) == list(STAGES)
    for stage in STAGES:
        own = [(done, total) for name, done, total in heard if name == stage]
        assert own == sorted(own)
        assert own[-1][0] == own[-1][1]


def test_the_same_seed_gives_the_same_files_and_another_seed_others(tiny_core, encoder, trained, tmp_path):
    again = train(tiny_core, encoder, tmp_path / "again")
    other = train(tiny_core, encoder, tmp_path / "other", seed=4)
    assert again.manifest == trained[0].manifest
    assert other.digest_of("adapter.safetensors") != again.digest_of("adapter.safetensors")
    assert other.digest_of("index.faiss") == again.digest_of("index.faiss")


def test_training_leaves_the_core_and_other_partitions_byte_equal(tiny_core, encoder, trained, tmp_path):
    weights = {name: weight.clone() for name, weight in tiny_core.model.state_dict().items()}
    files = {path: digest_of_file(path) for path in trained[0].directory.iterdir()}
    made = train(tiny_core, encoder, tmp_path / "python", text=PYTHON)
    assert {path: digest_of_file(path) for path in trained[0].directory.iterdir()} == files
    assert all(torch.equal(weight, weights[name]) for name, weight in tiny_core.model.state_dict().items())
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {
        "adapter.safetensors", "index.faiss", "passages.jsonl", "manifest.json",
    }  # fmt: skip
    assert made.manifest["digest"] != trained[0].manifest["digest"]


def test_a_trained_partition_loads_and_says_what_was_measured(tiny_core, encoder, trained):
    made = trained[0]
    digests = {name: str(entry["sha256"]) for name, entry in made.manifest["files"].items()}
    knowledge = load_knowledge(
        made.directory / "index.faiss",
        digest=digests["index.faiss"],
        manifest=made.manifest,
        core=tiny_core,
        encoder=encoder,
    )
    adapter = load_adapter(
        made.directory / "adapter.safetensors",
        digest=digests["adapter.safetensors"],
        core=tiny_core,
        core_digest=tiny_core.digest,
    )
    passages = load_passages(
        made.directory / "passages.jsonl",
        digest=digests["passages.jsonl"],
        count=made.metrics.passages,
    )
    sample = choose(
        core=tiny_core, documents=[ROME], training_tokens=4_000, held_out_tokens=1_024, window=256, seed=3
    )
    bits = bits_per_byte(core=tiny_core, adapter=adapter, texts=sample.held_out)
    assert bits == made.metrics.held_out_bits_adapter
    question = encoder.embed(["Which consul ordered the repair of the aqueduct?"])[0]
    assert knowledge.relevance(question) > 0.05
    assert "aqueduct" in passages[knowledge.best(question, count=1)[0].number].text


def test_held_out_text_is_never_learned_from_and_both_are_spread_over_the_documents(tiny_core):
    documents = [ROME, PYTHON]
    sample = choose(
        core=tiny_core, documents=documents, training_tokens=5_000, held_out_tokens=1_024, window=256, seed=1
    )
    assert not set(sample.training) & set(sample.held_out)
    assert any("Rome" in text for text in sample.training)
    assert any("IndexError" in text for text in sample.training)
    assert len(sample.held_out) >= 3


def test_many_short_documents_are_learned_from_as_much_as_one_long_one(tiny_core):
    short = [f"{line}." for line in ROME.split(". ")]
    read = [
        sum(len(ids) for ids in map(tiny_core.encode, sample.training))
        for sample in (
            choose(
                core=tiny_core, documents=documents, training_tokens=2_000, held_out_tokens=256, window=256,
                seed=1,
            )
            for documents in ([ROME], short)
        )
    ]  # fmt: skip
    assert read[1] == pytest.approx(2_000, rel=0.2)
    assert read[0] == pytest.approx(2_000, rel=0.2)


@pytest.mark.parametrize("stage", STAGES)
def test_a_training_can_be_stopped_in_every_stage_and_leaves_no_manifest(tiny_core, encoder, tmp_path, stage):
    reached: list[str] = []
    with pytest.raises(TrainingStopped):
        train(
            tiny_core,
            encoder,
            tmp_path,
            adapter_tokens=300,
            report=lambda name, _done, _total: reached.append(name),
            should_stop=lambda: reached[-1] == stage,
        )
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize("text", ["", " \n ", "word"])
def test_a_text_that_is_too_short_is_refused(tiny_core, encoder, tmp_path, text):
    with pytest.raises(TooLittleText):
        train(tiny_core, encoder, tmp_path, text=text)


def test_a_short_note_can_be_trained(tiny_core, encoder, tmp_path):
    made = train(
        tiny_core, encoder, tmp_path, text="The key lies under the mat. The door is green. Ring twice."
    )
    assert made.metrics.passages == 1
