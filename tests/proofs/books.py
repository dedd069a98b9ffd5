"""One database of a private cluster with the product's tables: runs the proofs' programs against it."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.proofs.cluster import Cluster
from tests.proofs.journal import read
from tests.proofs.reckoning import Reckoning
from tests.proofs.scene import Scene

ROOT = Path(__file__).parents[2]
TEMPLATE = "books"


class Books:
    """`folder` keeps the scene, the journals and the keys that sign receipts."""

    def __init__(self, cluster: Cluster, database: str, folder: Path) -> None:
        self.cluster, self.folder = cluster, folder
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": cluster.url(database),
            "VAR_DIR": str(folder / "var"),
            "WORK_MODE": "embedded",
            "PYTHONPATH": str(ROOT),
        }
        self.environment.pop("REDIS_URL", None)

    @property
    def scene_path(self) -> Path:
        return self.folder / "scene.json"

    def open(self, scene: Scene) -> None:
        scene.write(self.scene_path)
        self.run("-m", "tests.proofs.scene", str(self.scene_path))

    @contextmanager
    def load(self, *, processes: int, threads: int, seed: int) -> Iterator[list[int]]:
        """Clients at work while the block runs, by their process ids. Waits for them at its end."""
        arguments = [str(self.scene_path), str(self.folder), str(processes), str(threads), str(seed)]
        with subprocess.Popen(
            [sys.executable, "-m", "tests.proofs.clients", *arguments],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as clients:
            assert clients.stdout is not None
            yield [int(pid) for pid in clients.stdout.readline().split()]
            assert clients.wait(timeout=240) == 0

    def journals(self) -> list[Path]:
        return sorted(self.folder.glob("*.jsonl"))

    def told(self, what: str) -> int:
        """How often the clients have noted this so far."""
        return sum(path.read_text().count(f'"what": "{what}"') for path in self.journals())

    def wait_until_told(self, what: str, times: int) -> None:
        deadline = time.monotonic() + 120
        while self.told(what) < times:
            assert not self.told("error"), read(self.journals()).errors
            assert time.monotonic() < deadline, f"the clients have noted {self.told(what)} {what}"
            time.sleep(0.02)

    def reckon(self) -> Reckoning:
        printed = self.run("-m", "tests.proofs.reckoning", str(self.scene_path), *map(str, self.journals()))
        found: dict[str, Any] = json.loads(printed)
        return Reckoning(**found)

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout


def make_template(cluster: Cluster, folder: Path) -> None:
    """Migrated once; every proof begins with a copy."""
    cluster.execute(f"CREATE DATABASE {TEMPLATE}")
    Books(cluster, TEMPLATE, folder).run("manage.py", "migrate", "--verbosity", "0")


def new_books(cluster: Cluster, folder: Path) -> Books:
    name = f"proof_{uuid.uuid4().hex[:12]}"
    cluster.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return Books(cluster, name, folder)
