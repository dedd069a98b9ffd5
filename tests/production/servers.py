"""A PostgreSQL database and a Redis database of a test's own, made and removed again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg2
import redis
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

POSTGRES = os.environ.get("DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
REDIS = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/15"
_CLAIM = "claimed-by-a-production-test"
_CLAIM_SECONDS = 1200


@contextmanager
def own_database() -> Iterator[str]:
    """The URL of an empty PostgreSQL database that nobody else uses."""
    name = f"production_{uuid4().hex[:12]}"
    _on_the_server(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(POSTGRES)._replace(path=f"/{name}"))
    finally:
        _on_the_server(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def own_redis() -> Iterator[str]:
    """The URL of a Redis database that held nothing; it is emptied afterwards."""
    for number in range(14, 7, -1):
        url = urlunsplit(urlsplit(REDIS)._replace(path=f"/{number}"))
        with redis.Redis.from_url(url) as client:
            if client.dbsize() or not client.set(_CLAIM, "1", nx=True, ex=_CLAIM_SECONDS):
                continue
            try:
                yield url
            finally:
                client.flushdb()
            return
    raise RuntimeError("no empty Redis database between 8 and 14")


def _on_the_server(statement: str) -> None:
    connection = psycopg2.connect(POSTGRES, connect_timeout=10)
    try:
        connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
