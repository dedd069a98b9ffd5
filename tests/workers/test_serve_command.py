"""`manage.py serve` as a real process on SQLite: a kill -9 loses nothing, and only one process serves."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.conf import settings

from tests.workers.client import Client, free_port, open_clients
from tests.workers.owner_steps import active_partition, job, publish, train
from tests.workers.stack import Stack

TEXT = "The press has a bed, a platen and a bar. Ink is put on the type with leather balls. " * 600
ASKED = {"model": "tiny", "messages": [{"role": "user", "content": "What is ink put on?"}], "max_tokens": 12}


def environment_of(var: Path, core: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "WORK_MODE": "embedded",
        "VAR_DIR": str(var),
        "CORE_SLUG": "tiny",
        "CORE_DIRECTORY": str(core),
        "ENCODER": "hashed-ngrams",
        "HOLD_SECONDS": "5",
        "UPKEEP_SECONDS": "1",
        "OMP_NUM_THREADS": "1",
        "ENGINE_THREADS": "1",
        "TRAINER_THREADS": "1",
    }


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, tiny_core_directory: Path) -> Iterator[Stack]:
    var, logs = tmp_path_factory.mktemp("var"), tmp_path_factory.mktemp("logs")
    port = free_port()
    made = Stack(
        commands={"serve": ("manage.py", "serve", "--port", str(port))},
        environment=environment_of(var, tiny_core_directory),
        base_url=f"http://127.0.0.1:{port}",
        logs=logs,
    )
    try:
        made.start_all()
        yield made
    finally:
        made.stop_all()


@pytest.fixture(scope="module")
def clients(stack: Stack) -> dict[str, Client]:
    return open_clients(stack)


@pytest.fixture(scope="module")
def published(stack: Stack, clients: dict[str, Client]) -> None:
    publish(clients["press"], "press", TEXT)


def wait_until_ended(stack: Stack, client: Client, number: int) -> str:
    ended = {"done", "failed", "cancelled"}
    stack.wait_for(lambda: job(client, number)["state"] in ended, what=f"job {number}", seconds=180)
    return str(job(client, number)["state"])


def test_pages_answer_while_a_training_runs_and_a_killed_server_takes_it_up_again(
    stack, clients, published
) -> None:
    press = clients["press"]
    number = train(press, "press", adapter_tokens=30000)
    stack.wait_for(lambda: job(press, number)["progress_done"] > 0, what="a training under way", seconds=90)
    assert requests.get(f"{stack.base_url}/healthz", timeout=10).status_code == 200
    assert job(press, number)["state"] == "running"
    stack.kill("serve")
    stack.start("serve")
    stack.wait_for(stack.engine_ready, what="the server to be back", seconds=120)
    assert wait_until_ended(stack, press, number) == "done"
    assert active_partition(press, "press")["digest"]


def test_an_answer_is_made_by_the_engine_thread_of_the_same_process(stack, clients, published) -> None:
    stack.manage("wallet", "top-up", "reader", "1000000")
    answer = clients["reader"].expect(200, "POST", "/v1/chat/completions", json=ASKED)
    assert answer["abc"]["receipt_id"]
    stack.manage("ledger", "check")


def test_a_server_killed_in_mid_stream_fails_the_answer_at_its_next_start_and_the_hold_ends(
    stack, clients, published
) -> None:
    reader = clients["reader"]
    body = {**ASKED, "max_tokens": 2000, "stream": True}
    with reader.call("POST", "/v1/chat/completions", json=body, stream=True) as got:
        assert got.status_code == 200, got.text
        lines = got.iter_lines(chunk_size=1)
        next(lines)
        stack.kill("serve")
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            list(lines)
    stack.start("serve")
    stack.wait_for(stack.engine_ready, what="the server to be back", seconds=120)
    stack.wait_for(
        lambda: reader.expect(200, "GET", "/v1/account")["held_micro_usd"] == 0, what="the hold to end"
    )
    stack.manage("ledger", "check")


def test_a_second_server_over_the_same_data_is_refused_with_a_sentence(stack) -> None:
    second = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(free_port())],
        cwd=settings.BASE_DIR, env=stack.environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode == 1
    assert "another process already serves this data" in second.stderr


def test_a_polite_signal_ends_the_server_by_itself(stack) -> None:
    child = stack.child("serve")
    os.kill(child.pid, signal.SIGTERM)
    assert child.wait(40) == 0
    stack.start("serve")
    stack.wait_for(stack.engine_ready, what="the server to be back", seconds=120)
