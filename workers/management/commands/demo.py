"""`manage.py demo`: the whole way once on real text, in one process, which then serves what it made.

`--folder` takes a user's own .txt and .md files the same way instead of the text that every installation has.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from accounting.errors import DomainError
from workers.demo import cast
from workers.demo.asking import RefusedError
from workers.demo.cast import Question
from workers.demo.report import Report
from workers.demo.show import Show
from workers.demo.training import TrainingFailedError


class Command(BaseCommand):
    help = "Run the main job once on real text: register, train, ask, measure, pay. Then serve it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--adapter-tokens", type=int, default=None, help="training tokens a source")
        parser.add_argument("--folder", type=Path, help="your own folder of .txt and .md files")
        parser.add_argument("--question", help="what to ask your own text")

    def handle(self, *_args: Any, **options: Any) -> None:
        if settings.WORK_MODE != "embedded":
            raise CommandError("The demo runs in one process: unset REDIS_URL and WORK_MODE.")
        owners, questions = _chosen(options["folder"], options["question"])
        host, port = options["host"], options["port"]
        report = Report(_console())
        with report.stage("The database is made ready"):
            call_command("migrate", interactive=False, verbosity=0)
        with _serving(host, port) as server:
            show = Show(
                owners=owners,
                questions=questions,
                base_url=f"http://{host}:{port}",
                adapter_tokens=options["adapter_tokens"],
                report=report,
            )
            try:
                show.run()
            except (DomainError, LookupError, RefusedError, TrainingFailedError) as error:
                raise CommandError(str(error)) from error
            if os.environ.get("DEMO_SERVE", "1") != "0":
                report.line("Serving. Ctrl-C ends it; `make serve` serves the same database again.")
                _until_interrupted(server)


def _console() -> Console:
    """The terminal as it is; a file or a pipe gets lines wide enough for the tables."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=120)


def _chosen(folder: Path | None, question: str | None) -> tuple[tuple[cast.Owner, ...], tuple[Question, ...]]:
    if folder is None:
        return cast.OWNERS, cast.QUESTIONS
    folder = folder.expanduser().resolve()
    if not folder.is_dir():
        raise CommandError(f"{folder} is not a folder.")
    owner = cast.own_text(folder)
    if not owner.documents():
        raise CommandError(f"There is no .txt or .md file with text in {folder}.")
    asked = Question(heading="your own text", text=question or "What is this text about?", abc={"seed": 7})
    return (owner,), (asked,)


@contextmanager
def _serving(host: str, port: int) -> Iterator[threading.Thread]:
    """HTTP in a thread of its own, beside the embedded threads, until the block ends."""
    import uvicorn

    from workers import embedded
    from workers.management.commands.serve import configuration

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"Port {port} is taken; choose another: make demo PORT={port + 1}") from error
    server = uvicorn.Server(configuration(host=host, port=port))
    thread = threading.Thread(target=server.run, name="http", daemon=True)
    try:
        with embedded.running():
            thread.start()
            while not server.started and thread.is_alive():
                time.sleep(0.05)
            try:
                yield thread
            finally:
                server.should_exit = True
                thread.join(timeout=10)
    except embedded.AlreadyRunningError as error:
        raise CommandError(str(error)) from error


def _until_interrupted(server: threading.Thread) -> None:
    try:
        while server.is_alive():
            server.join(timeout=1)
    except KeyboardInterrupt:
        return
