"""`manage.py processes`: production's processes on one machine, without containers.

Runs migrations, then web, serve worker, train worker, upkeep and beat as children with prefixed output.
Ctrl-C ends all; a child that ends by itself ends all with exit code 1.
"""

import os
import signal
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from workers.processes import Supervisor, all_of_them


class Command(BaseCommand):
    help = "Run the processes of production side by side (needs DATABASE_URL and REDIS_URL)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *_args: Any, **options: Any) -> None:
        if settings.WORK_MODE != "celery" or not settings.DATABASE_URL:
            raise CommandError("Set DATABASE_URL and REDIS_URL; without them run `manage.py serve`.")
        call_command("migrate", interactive=False, verbosity=0)
        connections.close_all()
        supervisor = Supervisor(write=self._line, environment=os.environ)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: supervisor.interrupt())
        try:
            for name, command in all_of_them(host=options["host"], port=options["port"]).items():
                supervisor.start(name, command)
            self._line(f"Serving on http://{options['host']}:{options['port']} (Ctrl-C ends it)")
            ended = supervisor.wait()
        finally:
            supervisor.stop()
        if ended is not None:
            raise CommandError(f"The process {ended.name} ended by itself (exit code {ended.code}).")

    def _line(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
