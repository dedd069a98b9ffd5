"""LangChain's adapters for OpenAI, unmodified, against a running server."""

import pytest
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI, OpenAI
from pydantic import SecretStr

from accounting.models import Receipt
from tests.inference.scene import ABOUT

pytestmark = [pytest.mark.books, pytest.mark.django_db(transaction=True)]
ASKED = [HumanMessage(ABOUT["python-guide"])]


@pytest.fixture
def adapter(scene, base_url):
    def make(kind, **settings):
        given = {"model": "tiny", "max_tokens": 6, "seed": 7, "max_retries": 0, **settings}
        return kind(base_url=base_url, api_key=SecretStr(scene.cast.buyer.key), **given)

    return make


def test_a_chat_model_answers_with_usage_and_log_probabilities(adapter):
    chat = adapter(ChatOpenAI, logprobs=True, extra_body={"abc": {"max_price_micro_usd": 5000}})
    reply = chat.invoke(ASKED)
    assert isinstance(reply.content, str)
    assert reply.usage_metadata["output_tokens"] == 6
    assert reply.response_metadata["system_fingerprint"].startswith("fp_")
    assert len(reply.response_metadata["logprobs"]["content"]) == 6
    assert Receipt.objects.count() == 1


def test_a_stream_says_the_same_with_its_usage_at_the_end(adapter):
    chat = adapter(ChatOpenAI, stream_usage=True)
    chunks = list(chat.stream(ASKED))
    assert "".join(str(chunk.content) for chunk in chunks) == chat.invoke(ASKED).content
    assert sum(chunk.usage_metadata["output_tokens"] for chunk in chunks if chunk.usage_metadata) == 6


def test_several_choices_are_several_generations(adapter):
    (generations,) = adapter(ChatOpenAI, n=2).generate([ASKED]).generations
    assert len(generations) == 2
    assert Receipt.objects.count() == 2


def test_prompts_of_a_completion_model_travel_in_one_request(adapter):
    model = adapter(OpenAI, batch_size=8)
    result = model.generate(["A closure in Python keeps", "The soprano sings an aria"])
    assert [len(generations) for generations in result.generations] == [1, 1]
    assert Receipt.objects.count() == 2
