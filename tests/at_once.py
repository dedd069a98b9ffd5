"""Several at once on the real database, each in a thread with a connection of its own."""

import threading
from collections.abc import Callable

from django.db import connections

from accounting.errors import DomainError

AT_ONCE = 4


def at_once(act: Callable[[int], object], count: int = AT_ONCE) -> list[object]:
    """What each of the threads got: a value, or the code of the refusal."""
    start = threading.Barrier(count)
    got: list[object] = [None] * count

    def run(number: int) -> None:
        start.wait()
        try:
            got[number] = act(number)
        except DomainError as error:
            got[number] = error.code
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got
