"""`manage.py serve`: the whole product in one process, nothing else to install.

One ASGI server (uvicorn, no reloader) beside the embedded engine, trainer and upkeep threads. Migrations run
first, so that an old database is brought up to the code that serves it.
"""

import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Serve portal, API and console, and run answers and trainings, in this one process."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--no-migrate", action="store_true", help="leave the database's tables as they are"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if settings.WORK_MODE != "embedded":
            raise CommandError(
                "`serve` is the embedded default; with REDIS_URL set run `manage.py processes`."
            )
        if not options["no_migrate"]:
            call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write(f"Serving on http://{options['host']}:{options['port']} (Ctrl-C ends it)")
        serve(host=options["host"], port=options["port"])


def serve(*, host: str, port: int) -> None:
    """Run HTTP and the embedded threads until a signal asks to stop."""
    from workers import embedded

    try:
        with embedded.running(), _signals_end_http_only():
            uvicorn.Server(configuration(host=host, port=port)).run()
    except embedded.AlreadyRunningError as error:
        raise CommandError(str(error)) from error


@contextmanager
def _signals_end_http_only() -> Iterator[None]:
    """uvicorn raises the signal that ended it once more; the threads must still get to end in order."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: None) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def configuration(*, host: str, port: int) -> uvicorn.Config:
    """How this process speaks HTTP."""
    # WhiteNoise hands files over as blocking iterators; they are small and already in the page cache.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
    return uvicorn.Config(
        "config.asgi:application",
        host=host,
        port=port,
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=5,
    )
