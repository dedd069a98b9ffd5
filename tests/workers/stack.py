"""The product's real processes, started one by one from its own command lines and always ended.

Each runs in a process group of its own and writes to a log file; a wait that runs out shows their end.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import requests
from django.conf import settings

from tests.workers.waiting import wait_until

_LOG_TAIL = 2500


class Stack:
    """The processes over one database and one var directory. `commands`: name -> arguments of Python."""

    def __init__(
        self,
        *,
        commands: Mapping[str, Sequence[str]],
        environment: Mapping[str, str],
        base_url: str,
        logs: Path,
    ) -> None:
        self.environment = dict(environment)
        self.base_url = base_url
        self._commands = commands
        self._logs = logs
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end and give what it printed."""
        return self._run("manage.py", *arguments)

    def run_module(self, module: str) -> str:
        return self._run("-m", module)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=settings.BASE_DIR, env=self.environment,
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, name: str) -> None:
        with (self._logs / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, *self._commands[name]],
                cwd=settings.BASE_DIR, env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._children[name] = child

    def start_all(self) -> None:
        for name in self._commands:
            self.start(name)
        self.wait_for(self.engine_ready, what="the web process and a warm engine", seconds=120)

    def engine_ready(self) -> bool:
        try:
            told = requests.get(f"{self.base_url}/readyz", timeout=5).json()
        except (requests.ConnectionError, requests.Timeout):
            return False
        return bool(told["status"] == "ready" and told["engine"] == "ready")

    def kill(self, name: str) -> None:
        """kill -9 of the whole group: nothing gets to clean up."""
        child = self._children.pop(name)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait(30)

    def child(self, name: str) -> "subprocess.Popen[bytes]":
        return self._children[name]

    def stop_all(self) -> None:
        for child in self._children.values():
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
        for child in self._children.values():
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait(30)

    def wait_for(self, true: Callable[[], object], *, what: str, seconds: float = 60.0) -> None:
        try:
            wait_until(true, what=what, seconds=seconds, pause_seconds=0.3)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.tails()}") from error

    def tails(self) -> str:
        logs = sorted(self._logs.glob("*.log"))
        return "\n".join(f"--- {path.name}\n{path.read_text()[-_LOG_TAIL:]}" for path in logs)
