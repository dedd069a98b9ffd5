"""Runs answers where a test wants them: in the thread that asked, or in one engine thread beside it."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

PATIENCE_SECONDS = 30
engine_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine")


def run_here(task: str, _queue: str, values: dict[str, Any]) -> None:
    if task == "workers.tasks.answer":
        from inference import engine

        engine.answer(answer_id=values["answer_id"])


def run_beside(task: str, queue: str, values: dict[str, Any]) -> None:
    engine_thread.submit(_and_let_go, task, queue, values)


def _and_let_go(task: str, queue: str, values: dict[str, Any]) -> None:
    try:
        run_here(task, queue, values)
    finally:
        connection.close()


def wait_until(holds):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
