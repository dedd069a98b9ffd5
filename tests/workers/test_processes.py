"""The supervisor of `manage.py processes`: prefixed lines, all ended together, nothing restarted."""

import os
import threading
from pathlib import Path

import psutil
import pytest

from tests.workers.waiting import wait_until
from workers.processes import Supervisor

STAYS = "import signal\nprint('up', flush=True)\nsignal.pause()\n"


class Script:
    """Python modules that a supervised child can run."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def add(self, name: str, code: str) -> None:
        (self.directory / f"{name}.py").write_text(code)


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def supervisor(script: Script, lines: list[str]):
    environment = {**os.environ, "PYTHONPATH": str(script.directory), "PYTHONUNBUFFERED": "1"}
    made = Supervisor(write=lines.append, environment=environment)
    yield made
    made.stop()


def test_a_child_that_ends_by_itself_is_named_and_the_others_are_ended(supervisor, script, lines) -> None:
    script.add("stays", STAYS)
    script.add("ends", "import sys\nprint('no broker')\nsys.exit(3)\n")
    supervisor.start("web", ["stays"])
    supervisor.start("serve", ["ends"])
    ended = supervisor.wait()
    assert (ended.name, ended.code) == ("serve", 3)
    assert " serve | no broker" in lines
    other = psutil.Process(supervisor._children["web"].pid)
    supervisor.stop()
    assert not other.is_running()


def test_an_interrupt_ends_all_children_and_what_they_started(supervisor, script, lines) -> None:
    script.add("stays", STAYS)
    script.add("parent", "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'stays'])\n")
    supervisor.start("serve", ["parent"])
    wait_until(lambda: " serve | up" in lines, what="the grandchild")
    family = psutil.Process(supervisor._children["serve"].pid).children(recursive=True)
    threading.Thread(target=supervisor.interrupt).start()
    assert supervisor.wait() is None
    supervisor.stop()
    _gone, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []


def test_a_child_that_ignores_the_signal_is_killed(supervisor, script, lines, monkeypatch) -> None:
    monkeypatch.setattr("workers.processes.STOP_SECONDS", 0.2)
    script.add("deaf", f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{STAYS}")
    supervisor.start("train", ["deaf"])
    wait_until(lambda: " train | up" in lines, what="the child")
    supervisor.stop()
    assert supervisor._children["train"].returncode == -9
