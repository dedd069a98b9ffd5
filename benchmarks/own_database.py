"""A database that a benchmark may fill and lose: SQLite in a temporary folder, or one on a named server."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit


@contextmanager
def own_database(server: str, about: str) -> Iterator[None]:
    """Migrated, and named in the environment of this process and its children; gone at the end."""
    with tempfile.TemporaryDirectory() as folder:
        url, name = f"sqlite:///{folder}/{about}.sqlite3", f"{about}_{uuid.uuid4().hex[:8]}"
        if server:
            _on_server(server, f"CREATE DATABASE {name}")
            url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        os.environ.update(DATABASE_URL=url, VAR_DIR=folder, DJANGO_SETTINGS_MODULE="config.settings")
        os.environ["ALLOWED_HOSTS"] = "testserver"
        try:
            _migrated()
            yield
        finally:
            if server:
                _on_server(server, f"DROP DATABASE {name} WITH (FORCE)")


def _migrated() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _on_server(server: str, statement: str) -> None:
    import psycopg2

    connection = psycopg2.connect(server)
    connection.autocommit = True
    connection.cursor().execute(statement)
    connection.close()
