"""How every write is done: one transaction, tried again when the database asks for it.

`durable_write` is committed when it returns and refuses to run inside another transaction; `joining_write`
takes part in its caller's, if there is one. All run the same call with the same ids again, a bounded number
of times and after a random pause, when the database gives up for a passing reason (a deadlock, a
serialisation failure, a lock that was not to be had). Nothing else is ever retried. `early_release` and
`one_statement` are for rows that every answer wants: their commit does not wait for the disk, and who uses
them waits at accounting/barrier.py before anything leaves.
"""

import functools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.01
_PASSING_CODES = frozenset({"40001", "40P01", "55P03"})
_PASSING_WORDS = ("database is locked", "database table is locked", "database schema is locked")


def is_passing(error: OperationalError) -> bool:
    """Whether the same call can succeed a moment later."""
    code = getattr(error.__cause__, "pgcode", None)
    return code in _PASSING_CODES or any(words in str(error) for words in _PASSING_WORDS)


def durable_write(function: Callable[P, R]) -> Callable[P, R]:
    return _write(function, durable=True)


def joining_write(function: Callable[P, R]) -> Callable[P, R]:
    return _write(function, durable=False)


def _write(function: Callable[P, R], *, durable: bool) -> Callable[P, R]:
    @retried
    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic(durable=durable):
            return function(*args, **kwargs)

    return run


@contextmanager
def early_release() -> Iterator[None]:
    """A durable transaction that lets go of its rows before the disk has them."""
    with transaction.atomic(durable=True):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = off")
        yield


def one_statement() -> AbstractContextManager[None]:
    """A transaction for a single statement that says itself how it commits: none, where none is open."""
    return transaction.atomic(durable=True) if connection.in_atomic_block else nullcontext()


def retried(function: Callable[P, R]) -> Callable[P, R]:
    """Run again what the database gave up for a passing reason; never inside an open transaction."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or attempt == ATTEMPTS or not is_passing(error):
                    raise
            time.sleep(_pause_seconds(attempt))
        raise AssertionError("the last attempt either returned or raised")

    return run


def _pause_seconds(attempt: int) -> float:
    longest: float = FIRST_PAUSE_SECONDS * 2**attempt
    return random.uniform(0.25, 1.0) * longest  # noqa: S311 (not a secret)
