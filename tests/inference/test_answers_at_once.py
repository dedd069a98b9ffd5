"""Answers at the same moment share the engine's passes: each is whole, paid once, and replays alone."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connections
from openai import OpenAI

from accounting.models import Receipt
from inference import engine
from inference.models import Answer
from inference.net.batch import Batch
from tests.inference import here
from tests.inference.scene import ABOUT

pytestmark = [pytest.mark.books, pytest.mark.django_db(transaction=True)]
CALLERS = 6


@pytest.fixture
def several_threads(monkeypatch):
    pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="engine")
    monkeypatch.setattr(here, "engine_thread", pool)
    yield
    pool.shutdown(wait=True)


@pytest.fixture
def shared(scene, several_threads, base_url):
    """The address of a server whose engine makes several answers in one batch."""
    batch = Batch(scene.bench.core)
    engine.use(replace(scene.bench, ballots=batch.open_ballots))
    yield base_url
    batch.close()


def test_callers_at_the_same_moment_are_each_answered_and_each_receipt_replays(scene, shared):
    client = OpenAI(base_url=shared, api_key=scene.cast.buyer.key, max_retries=0)
    topics = list(ABOUT)

    def ask(number):
        return client.chat.completions.create(
            model="tiny", max_tokens=8 + number, seed=number,
            messages=[{"role": "user", "content": ABOUT[topics[number % 3]]}],
            extra_body={"abc": {"purpose": "research"}},
        )  # fmt: skip

    with ThreadPoolExecutor(max_workers=CALLERS) as callers:
        answers = list(callers.map(ask, range(CALLERS)))
    assert [one.usage.completion_tokens for one in answers] == [8 + number for number in range(CALLERS)]
    voters = [{source["source"] for source in one.abc["sources"]} for one in answers]
    assert all(topics[number % 3] in voters[number] for number in range(CALLERS))
    assert set(Answer.objects.values_list("state", flat=True)) == {"done"}
    assert Receipt.objects.count() == CALLERS
    for one in answers:
        found = scene.cast.buyer.api.post(f"/v1/receipts/{one.abc['receipt_id']}/verify").json()
        assert (found["signature"], found["sums"], found["replayed"]) == (True, True, True), found
    connections.close_all()
