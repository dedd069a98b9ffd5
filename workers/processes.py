"""The processes of production, as command lines, and a small supervisor that runs them side by side.

`manage.py processes` uses the supervisor; docker-compose.yml runs the same command lines one a container (a
test compares them). A process that ends by itself ends all: nothing is restarted silently, that is the work
of whoever runs this (systemd, a container platform).
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

STOP_SECONDS = 20.0
_CELERY = (
    "celery",
    "-A",
    "config.celery",
    "worker",
    "--without-gossip",
    "--without-mingle",
    "--loglevel=WARNING",
)


def web(*, host: str, port: int) -> tuple[str, ...]:
    address = ("--host", host, "--port", str(port))
    return ("uvicorn", "config.asgi:application", *address, "--lifespan", "off", "--log-level", "warning")


# A task only waits for its engine: all that may wait in the line has to be there for consumers to take turns.
SERVE = (*_CELERY, "-Q", "serve", "-P", "threads", "-c", "288", "-n", "serve@%h")
TRAIN = (*_CELERY, "-Q", "train", "-P", "solo", "-n", "train@%h")
UPKEEP = (*_CELERY, "-Q", "upkeep", "-P", "threads", "-c", "2", "-n", "upkeep@%h")
# Every interval starts again with the process, so the schedule needs no file.
BEAT = (
    "celery",
    "-A",
    "config.celery",
    "beat",
    "-S",
    "celery.beat:Scheduler",
    "--pidfile=",
    "--loglevel=WARNING",
)


def all_of_them(*, host: str, port: int) -> dict[str, tuple[str, ...]]:
    """Name -> command line, in the order in which they are started."""
    return {"web": web(host=host, port=port), "serve": SERVE, "train": TRAIN, "upkeep": UPKEEP, "beat": BEAT}


@dataclass(frozen=True, slots=True)
class Ended:
    """The process that ended first, and how."""

    name: str
    code: int


class Supervisor:
    """Starts each command as a child in a group of its own, prefixes its lines, and ends all together."""

    def __init__(self, *, write: Callable[[str], None], environment: Mapping[str, str]) -> None:
        self._write = write
        self._environment = dict(environment)
        self._children: dict[str, subprocess.Popen[str]] = {}
        self._ended = threading.Event()
        self._first: Ended | None = None
        self._lock = threading.Lock()

    def start(self, name: str, command: Sequence[str]) -> None:
        child = subprocess.Popen(  # noqa: S603 - the commands of this module, no shell
            [sys.executable, "-m", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            env=self._environment,
        )
        self._children[name] = child
        assert child.stdout is not None
        threading.Thread(target=self._follow, args=(name, child, child.stdout), daemon=True).start()

    def wait(self) -> Ended | None:
        """Until a child ends by itself (it is named) or `interrupt` is called (None)."""
        while not self._ended.wait(1.0):
            pass
        return self._first

    def interrupt(self) -> None:
        self._ended.set()

    def stop(self) -> None:
        """SIGTERM to every group, and SIGKILL to what is still there after a while."""
        _signal(self._children.values(), signal.SIGTERM)
        for child in self._children.values():
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                _signal([child], signal.SIGKILL)
                child.wait()

    def _follow(self, name: str, child: "subprocess.Popen[str]", lines: IO[str]) -> None:
        for line in lines:
            self._write(f"{name:>6} | {line.rstrip()}")
        code = child.wait()
        with self._lock:
            if not self._ended.is_set():
                self._first = Ended(name, code)
        self._ended.set()


def _signal(children: Iterable["subprocess.Popen[str]"], number: int) -> None:
    for child in children:
        if child.poll() is None:
            os.killpg(child.pid, number)
