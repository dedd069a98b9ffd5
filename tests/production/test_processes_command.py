"""`manage.py processes`: one command migrates, starts everything, and ends it again on Ctrl-C."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import requests
from django.conf import settings

from tests.production.conftest import environment_of
from tests.production.servers import own_database, own_redis
from tests.workers.client import free_port
from tests.workers.waiting import wait_until


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except (requests.ConnectionError, requests.Timeout):
        return False


def test_one_command_runs_all_processes_and_ctrl_c_ends_them_all(
    tmp_path: Path, tiny_core_directory: Path
) -> None:
    port, log = free_port(), tmp_path / "processes.log"
    with own_database() as database_url, own_redis() as redis_url, log.open("wb") as output:
        environment = environment_of(
            tmp_path / "var", core=tiny_core_directory, database_url=database_url, redis_url=redis_url
        )
        child = subprocess.Popen(
            [sys.executable, "manage.py", "processes", "--port", str(port)],
            cwd=settings.BASE_DIR, env=environment, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}/readyz"
            wait_until(lambda: answers(url), what=f"{url}", seconds=90, pause_seconds=0.2)
            family = psutil.Process(child.pid).children(recursive=True)
            lines = {" ".join(process.cmdline()) for process in family}
            for word in ("uvicorn", "-Q serve", "-Q train", "-Q upkeep", "beat"):
                assert any(word in line for line in lines), f"{word} is missing in {lines}"
            os.kill(child.pid, signal.SIGINT)
            assert child.wait(60) == 0, log.read_text()
            _gone, alive = psutil.wait_procs(family, timeout=10)
            assert alive == []
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait(30)
