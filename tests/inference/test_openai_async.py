"""The unmodified asynchronous `openai` client: many answers at once, streams, and several choices."""

import asyncio
from typing import Any

import openai
import pytest

from accounting.models import Receipt
from tests.inference.scene import ABOUT

pytestmark = [pytest.mark.books, pytest.mark.django_db(transaction=True)]
QUESTION: Any = [{"role": "user", "content": ABOUT["python-guide"]}]


@pytest.fixture
def ask(scene, base_url):
    """Runs `work(create)` with a client of its own, to its end."""

    def run(work):
        async def with_client():
            key = scene.cast.buyer.key
            async with openai.AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0) as client:

                def create(**changes):
                    given = {"model": "tiny", "max_tokens": 6, "seed": 7, **changes}
                    return client.chat.completions.create(messages=QUESTION, **given)

                return await work(create)

        return asyncio.run(with_client())

    return run


def test_answers_asked_for_at_once_are_all_given(ask):
    async def work(create):
        return await asyncio.gather(*(create(seed=seed) for seed in range(6)))

    replies = ask(work)
    assert [reply.usage.completion_tokens for reply in replies] == [6] * 6
    assert Receipt.objects.count() == 6


def test_a_stream_of_several_choices_is_put_together_by_index(ask):
    async def work(create):
        texts: dict[int, str] = {0: "", 1: ""}
        finished: dict[int, str | None] = {}
        async for chunk in await create(n=2, stream=True):
            for choice in chunk.choices:
                texts[choice.index] += choice.delta.content or ""
                finished[choice.index] = choice.finish_reason or finished.get(choice.index)
        whole = await create(n=2)
        return texts, finished, [choice.message.content for choice in whole.choices]

    texts, finished, whole = ask(work)
    assert [texts[0], texts[1]] == whole
    assert finished == {0: "length", 1: "length"}


def test_a_refusal_is_the_clients_own_error_also_for_a_stream(ask):
    async def work(create):
        with pytest.raises(openai.UnprocessableEntityError) as refusal:
            await create(stream=True, n=9)
        return refusal.value

    error = ask(work)
    assert (error.param, error.code, error.type) == ("n", "invalid", "invalid_request_error")
    assert error.request_id
