"""A PostgreSQL server of a test's own: made by initdb, with default durability, to be killed and restarted.

Nobody else's connections are touched when its backends die. PostgreSQL refuses to run as root, so for root it
runs as an unprivileged user.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from tests.workers.client import free_port

DEADLINE_SECONDS = 60


def programs() -> Path:
    """Where initdb and postgres are; a machine without them cannot run these proofs, and says so."""
    on_path = shutil.which("initdb")
    places = [Path(on_path).parent] if on_path else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise FileNotFoundError("initdb is not here (Debian: apt-get install postgresql)")


class Cluster:
    def __init__(self, directory: Path, runs_as: dict[str, Any], options: dict[str, str]) -> None:
        self.directory, self.runs_as, self.port = directory, runs_as, free_port()
        self.options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(directory),
            **options,
        }
        self.server: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        self._run(
            "initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync", "--no-locale"
        )

    def start(self) -> None:
        settings = [f"--{name}={value}" for name, value in self.options.items()]
        with (self.directory / "log").open("ab") as log:
            self.server = subprocess.Popen(
                [programs() / "postgres", "-D", self.directory / "data", *settings],
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.runs_as,
            )
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            try:
                psycopg2.connect(self.url(), connect_timeout=5).close()
            except psycopg2.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """SIGKILL to the postmaster and all its children at once; the files stay as they are."""
        assert self.server is not None
        children = self._children()
        self.server.kill()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        self.server.wait()
        deadline = time.monotonic() + DEADLINE_SECONDS
        while any(_lives(child) for child in children) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.server = None

    def stop(self) -> None:
        if self.server is not None:
            self.kill()

    def backends(self) -> list[psutil.Process]:
        """The processes that serve clients, not those of the server's own housekeeping."""
        return [child for child in self._children() if "127.0.0.1(" in _title(child)]

    def stop_the_log_writer(self) -> None:
        """It writes the log in the background and promises nothing; without it nothing is saved by luck."""
        (writer,) = [child for child in self._children() if "walwriter" in _title(child)]
        writer.suspend()

    def _children(self) -> list[psutil.Process]:
        assert self.server is not None
        children: list[psutil.Process] = psutil.Process(self.server.pid).children()
        return children

    def url(self, database: str = "postgres") -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        connection = psycopg2.connect(self.url())
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [programs() / program, "-D", self.directory / "data", *arguments],
            check=True,
            capture_output=True,
            timeout=120,
            **self.runs_as,
        )


@contextmanager
def own_cluster(**options: str) -> Iterator[Cluster]:
    """A running server with these settings beside PostgreSQL's defaults; killed and removed afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="proofs-cluster-"))
    runs_as: dict[str, Any] = {}
    if os.geteuid() == 0:
        unprivileged = _unprivileged()
        os.chown(directory, unprivileged.pw_uid, unprivileged.pw_gid)
        runs_as = {"user": unprivileged.pw_uid, "group": unprivileged.pw_gid, "extra_groups": []}
    cluster = Cluster(directory, runs_as, options)
    try:
        cluster.make()
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _unprivileged() -> pwd.struct_passwd:
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def _lives(process: psutil.Process) -> bool:
    """A dead process that nobody has collected yet no longer touches the files."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
