"""Of many allowed sources only those nearest to the question are opened; the rest is counted, not told."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference import engine
from inference.net.summaries import MOST_CENTRES, centres, packed, unpacked
from inference.shortlist import Shortlist
from inference.summarising import summarise_all
from marketplace.models import PartitionSummary
from marketplace.storage import store
from tests.inference.scene import ABOUT, Scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_at_most(scene: Scene) -> Scene:
    """A scene whose engine opens one source for a question."""
    summarise_all(encoder=scene.bench.encoder, open_file=lambda digest: store().open(digest))
    engine.use(replace(scene.bench, shortlist=Shortlist(size=1)))
    return scene


def plan(scene: Scene, *, about: str, **abc: Any) -> Any:
    body = scene.body(about=about, abc=abc)
    reply = scene.cast.buyer.api.post("/v1/plan", body, format="json")
    assert reply.status_code == 200, reply.content
    return reply.json()


@pytest.mark.parametrize("about", sorted(ABOUT))
def test_the_source_that_a_question_is_about_is_on_the_list_and_the_others_are_counted(one_at_most, about):
    found = plan(one_at_most, about=about)
    assert [one["source"] for one in found["sources"]] == [about]
    assert (found["excluded"], found["excluded_counts"]) == ([], {"relevance": 2})


def test_what_the_request_names_is_opened_beside_the_list(one_at_most):
    found = plan(one_at_most, about="whale-book", gamma={"opera-guide": 1.0})
    assert [one["source"] for one in found["sources"]] == ["whale-book"]
    assert [one["source"] for one in found["excluded"]] == ["opera-guide"]
    assert found["excluded_counts"] == {"relevance": 2}


def test_a_source_that_may_not_vote_takes_no_place_on_the_list(one_at_most):
    one_at_most.offer("whale-book", as_slug="hidden-whales", purposes={"allow": ["advertising"]})
    summarise_all(encoder=one_at_most.bench.encoder, open_file=lambda digest: store().open(digest))
    found = plan(one_at_most, about="whale-book")
    assert [one["source"] for one in found["sources"]] == ["whale-book"]
    assert found["excluded_counts"] == {"purpose": 1, "relevance": 2}


def test_a_source_without_a_summary_is_ranked_last(one_at_most):
    PartitionSummary.objects.filter(partition__source__slug="whale-book").delete()
    assert plan(one_at_most, about="whale-book")["excluded_counts"] == {"relevance": 3}


def test_a_list_that_is_long_enough_leaves_nobody_out(scene: Scene):
    engine.use(replace(scene.bench, shortlist=Shortlist(size=3)))
    assert [one["source"] for one in plan(scene, about="whale-book")["sources"]] == ["whale-book"]


def test_summaries_are_made_once(scene: Scene):
    make: dict[str, Any] = {"encoder": scene.bench.encoder, "open_file": lambda digest: store().open(digest)}
    assert (summarise_all(**make), summarise_all(**make)) == (3, 0)


def test_a_partition_whose_index_is_damaged_is_left_without_one(scene: Scene):
    broken = scene.partition("whale-book").index_digest

    def open_file(digest: str) -> Any:
        path = store().open(digest)
        return path.with_name("nowhere") if digest == broken else path

    assert summarise_all(encoder=scene.bench.encoder, open_file=open_file) == 2


@pytest.mark.parametrize(("passages", "count"), [(0, 0), (1, 1), (8, 1), (9, 2), (500, MOST_CENTRES)])
def test_centres_are_a_few_unit_vectors_and_the_same_each_time(passages, count):
    vectors = np.random.default_rng(1).normal(size=(passages, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) if passages else 1
    found = centres(vectors)
    assert found.shape == (count, 16)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert (found == centres(vectors)).all()
    assert np.allclose(unpacked(packed(found), 16), found, atol=1e-3)


def test_bytes_of_another_encoder_are_no_vectors():
    assert len(unpacked(packed(np.ones((1, 10), dtype=np.float32)), 16)) == 0
