"""The MCP server as a process of its own, asked by the official client over stdio and over HTTP."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
import requests
from mcp import Client, StdioServerParameters

from tests.inference.here import PATIENCE_SECONDS, wait_until
from tests.inference.scene import ABOUT
from tests.workers.client import free_port

pytestmark = [pytest.mark.books, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[2]
PROGRAM = ["-m", "connect.mcp_server"]
PYTHON_QUESTION = ABOUT["python-guide"]


def environment(base_url, key):
    return {**os.environ, "MARKET_URL": base_url.removesuffix("/v1"), "MARKET_API_KEY": key}


def stdio(base_url, key):
    return StdioServerParameters(
        command=sys.executable, args=PROGRAM, env=environment(base_url, key), cwd=ROOT
    )


@contextmanager
def over_http(base_url, key):
    port = free_port()
    command = [sys.executable, *PROGRAM, "--http", "--port", str(port)]
    process = subprocess.Popen(command, env=environment(base_url, key), cwd=ROOT)

    def listens():
        try:
            return requests.get(f"http://127.0.0.1:{port}/mcp", timeout=1).status_code > 0
        except requests.ConnectionError:
            return False

    try:
        wait_until(listens)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)


def talk(where, conversation):
    """Run a conversation with a client that is connected to `where`."""

    async def connected():
        async with Client(where) as client:
            return await conversation(client)

    return anyio.run(connected)


def call(where, tool, **arguments):
    async def once(client):
        return await client.call_tool(tool, arguments)

    return talk(where, once)


def result(where, tool, **arguments):
    reply = call(where, tool, **arguments)
    assert not reply.is_error, reply.content
    return reply.structured_content


def error(where, tool, **arguments):
    reply = call(where, tool, **arguments)
    assert reply.is_error
    return reply.content[0].text


@pytest.fixture
def market(scene, base_url):
    return stdio(base_url, scene.cast.buyer.key)


def test_every_tool_is_listed_with_typed_input_and_output(market):
    async def listed(client):
        return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in talk(market, listed)}
    assert set(tools) == {
        "ask", "classify", "plan", "list_sources", "get_receipt", "verify_receipt",
    }  # fmt: skip
    for tool in tools.values():
        assert tool.description
        assert tool.input_schema["type"] == "object"
        assert tool.output_schema["type"] == "object"
    assert tools["plan"].annotations.read_only_hint
    assert not tools["ask"].annotations.read_only_hint


def test_an_answer_says_who_moved_it_and_its_receipt_is_had_and_verified(market):
    async def conversation(client):
        told = []

        async def progress(done, total, message):
            told.append((done, total))

        answer = await client.call_tool(
            "ask", {"question": PYTHON_QUESTION, "max_tokens": 24, "control": {"ignore": ["whale-book"]}},
            progress_callback=progress,
        )  # fmt: skip
        assert not answer.is_error, answer.content
        receipt_id = answer.structured_content["receipt_id"]
        receipt = await client.call_tool("get_receipt", {"receipt_id": receipt_id})
        checked = await client.call_tool("verify_receipt", {"receipt_id": receipt_id})
        return answer.structured_content, told, receipt.structured_content, checked.structured_content

    answer, told, receipt, checked = talk(market, conversation)
    (voter,) = answer["sources"]
    assert answer["text"]
    assert voter["source"] == "python-guide"
    assert voter["influence_nats"] > 0
    assert {one["rule"] for one in answer["excluded"]} >= {"ignore"}
    assert [done for done, _ in told] == sorted(done for done, _ in told) != []
    assert receipt["receipt"]["charge_micro_usd"] == answer["charge_micro_usd"]
    assert (checked["signature"], checked["sums"], checked["replayed"]) == (True, True, True)


def test_a_plan_is_free_and_a_classification_chooses_a_label(scene, market):
    before = scene.money_left()
    plan = result(market, "plan", question=PYTHON_QUESTION, max_tokens=6)
    assert [one["source"] for one in plan["sources"]] == ["python-guide"]
    assert "python-guide" in plan["text"]
    assert scene.money_left() == before
    found = result(market, "classify", text=PYTHON_QUESTION, labels=["python", "opera"])
    assert found["label"] in {"python", "opera"}
    assert before - scene.money_left() == found["charge_micro_usd"]


def test_sources_are_listed_and_looked_for(market):
    assert {one["slug"] for one in result(market, "list_sources")["sources"]} == {
        "python-guide", "opera-guide", "whale-book",
    }  # fmt: skip
    assert [one["slug"] for one in result(market, "list_sources", words="opera")["sources"]] == [
        "opera-guide"
    ]


def test_a_refusal_is_a_tool_error_with_code_and_next_step(scene, market):
    refused = error(market, "ask", question=PYTHON_QUESTION, control={"only": ["nobody"]})
    assert "not_found: " in refused
    assert "nobody" in refused
    refused = error(market, "ask", question="  ", max_tokens=4)
    assert "invalid: The prompt is empty. Add a user message with text." in refused
    assert "not_found: " in error(market, "get_receipt", receipt_id="00000000-0000-0000-0000-000000000000")


def test_a_wrong_key_and_a_deployment_that_is_not_there_are_said(base_url):
    assert "invalid_api_key: " in error(stdio(base_url, "dvm_wrong"), "list_sources")
    assert "unreachable: " in error(stdio(f"http://127.0.0.1:{free_port()}/v1", "dvm_x"), "list_sources")


def test_arguments_that_do_not_fit_are_refused_before_anything_is_asked(market):
    assert "max_tokens" in error(market, "ask", question="x", max_tokens=0)
    assert "labels" in error(market, "classify", text="x", labels=["one"])


def test_the_same_tools_are_had_over_http(scene, base_url):
    with over_http(base_url, scene.cast.buyer.key) as address:
        assert [one["source"] for one in result(address, "plan", question=PYTHON_QUESTION)["sources"]] == [
            "python-guide"
        ]
        assert "not_found: " in error(address, "plan", question="x", control={"only": ["nobody"]})


def test_without_a_key_it_does_not_start_and_says_what_to_set():
    plain = {name: value for name, value in os.environ.items() if name != "MARKET_API_KEY"}
    done = subprocess.run(
        [sys.executable, *PROGRAM],
        env=plain,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "MARKET_API_KEY" in done.stderr
